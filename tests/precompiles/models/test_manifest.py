"""Manifest: its stored form is canonical and loses nothing."""

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from precompiles.models.manifest import (
    Manifest,
    Profile,
    Registration,
    Work,
    decode_registration,
    encode_registration,
)
from precompiles.tensor import DType, TensorType

COUNTS = st.integers(0, 2**64 - 1)
TYPES = st.builds(
    TensorType,
    name=st.text(max_size=20),
    dtype=st.sampled_from(DType),
    shape=st.lists(st.integers(0, 2**32 - 1), max_size=8).map(tuple),
)
REGISTRATIONS = st.builds(
    Registration,
    manifest=st.builds(
        Manifest,
        model_id=st.binary(min_size=32, max_size=32),
        profile=st.sampled_from(Profile),
        size_bytes=COUNTS,
        work=st.builds(Work, macs=COUNTS, moved_bytes=COUNTS, peak_bytes=COUNTS),
        inputs=st.lists(TYPES, max_size=4).map(tuple),
        outputs=st.lists(TYPES, max_size=4).map(tuple),
        dimensions=st.lists(st.tuples(st.text(max_size=20), COUNTS), max_size=4).map(tuple),
    ),
    owner=st.binary(min_size=20, max_size=20),
)


@given(REGISTRATIONS)
def test_registration_round_trips(registration: Registration) -> None:
    """Value and types come back: profiles and dtypes as enums, shapes as tuples."""
    back = decode_registration(encode_registration(registration))
    assert back == registration
    assert type(back.manifest.profile) is Profile
    assert all(type(kind.dtype) is DType for kind in back.manifest.inputs + back.manifest.outputs)


@given(REGISTRATIONS)
def test_stored_form_is_canonical_cbor(registration: Registration) -> None:
    """Shortest integers, definite lengths: one registration has one byte string and one digest."""
    stored = encode_registration(registration)
    assert cbor2.dumps(cbor2.loads(stored), canonical=True) == stored


@given(REGISTRATIONS, REGISTRATIONS)
def test_stored_forms_are_equal_only_if_registrations_are(
    first: Registration, second: Registration
) -> None:
    """No two registrations share a record."""
    assert (encode_registration(first) == encode_registration(second)) == (first == second)


def test_stored_form_is_pinned() -> None:
    """The bytes are consensus: this vector changes only with the chain's rules."""
    manifest = Manifest(
        model_id=b"\x01" * 32,
        profile=Profile.PINNED,
        size_bytes=1000,
        work=Work(640, 80, 3000),
        inputs=(TensorType("x", DType.UINT8, (1, 64)),),
        outputs=(TensorType("y", DType.INT64, ()),),
        dimensions=(("N", 3),),
    )
    assert encode_registration(Registration(manifest, b"\x02" * 20)).hex() == (
        "88" + "54" + "02" * 20 + "5820" + "01" * 32 + "02" + "1903e8"
        "83" + "190280" + "1850" + "190bb8" + "81" + "83" + "6178" + "02" + "82" + "01" + "1840"
        "81" + "83" + "6179" + "07" + "80" + "81" + "82" + "614e" + "03"
    )


def test_the_portable_work_is_stored_of_portable_models_alone() -> None:
    """A fourth number of the work; the form of other profiles has three."""
    manifest = Manifest(bytes(32), Profile.PORTABLE, 1, Work(1, 2, 3, 4), (), ())
    registration = Registration(manifest, bytes(20))
    assert decode_registration(encode_registration(registration)) == registration
    assert cbor2.loads(encode_registration(registration))[4] == [1, 2, 3, 4]


@pytest.mark.parametrize("profile", [3, 255])
def test_an_unknown_profile_does_not_decode(profile: int) -> None:
    """A record of a later version is refused, not misread."""
    record = [bytes(20), bytes(32), profile, 0, [0, 0, 0], [], [], []]
    with pytest.raises(ValueError, match="not a valid Profile"):
        decode_registration(cbor2.dumps(record))


def test_profiles_are_ordered_by_how_much_they_promise() -> None:
    """The profile of a graph is the largest of its operators'."""
    assert Profile.EXACT < Profile.PORTABLE < Profile.PINNED


@given(REGISTRATIONS)
def test_sizes_are_those_of_the_declared_tensors(registration: Registration) -> None:
    """Bytes in and out are sums over the signature."""
    manifest = registration.manifest
    assert manifest.input_bytes == sum(kind.size_bytes for kind in manifest.inputs)
    assert manifest.output_bytes == sum(kind.size_bytes for kind in manifest.outputs)
