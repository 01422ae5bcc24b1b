"""Aliases: first come, first served; the owner may move them; the chain alone resolves them."""

from collections.abc import Callable

import pytest
from eth_abi.abi import decode
from eth_utils.crypto import keccak
from hypothesis import given, settings
from hypothesis import strategies as st

from precompiles.aliases import MAX_ALIAS_BYTES, read_alias, read_aliases
from precompiles.errors import (
    BadInput,
    NotAllowed,
    OutOfGas,
    TooLarge,
    UnknownModel,
    WriteProtection,
)
from precompiles.registry import REGISTRY
from tests.precompiles.conftest import ALICE, BOB, Host, encode_call

NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=MAX_ALIAS_BYTES // 4)


@settings(max_examples=50)
@given(st.lists(NAMES, unique=True, min_size=1, max_size=4), st.data())
def test_any_name_resolves_to_the_model_it_was_given(
    make_host: Callable[[], Host], joiner: bytes, names: list[str], data: st.DataObject
) -> None:
    """Any Unicode, one or many names for a model; nothing else resolves."""
    host = make_host()
    model_id = host.add(joiner)
    for name in names:
        host.ask(REGISTRY, "setAlias", name, model_id)
    assert read_aliases(host.state, REGISTRY) == dict.fromkeys(names, model_id)
    assert [host.ask(REGISTRY, "resolve", name) for name in names] == [model_id] * len(names)
    other = data.draw(NAMES.filter(lambda name: name not in names))
    assert read_alias(host.state, REGISTRY, other) is None
    with pytest.raises(UnknownModel, match="no alias"):
        host.ask(REGISTRY, "resolve", other)


def test_the_first_to_take_a_name_keeps_it(host: Host, digits: bytes, joiner: bytes) -> None:
    """Another account is refused with the owner's address, even for the same model."""
    first, second = host.add(digits), host.add(joiner)
    host.ask(REGISTRY, "setAlias", "best", first, caller=BOB)
    for model_id in (first, second):
        with pytest.raises(NotAllowed, match=f"belongs to 0x{BOB.hex()}"):
            host.ask(REGISTRY, "setAlias", "best", model_id, caller=ALICE)
    assert host.ask(REGISTRY, "resolve", "best") == first


def test_the_owner_may_move_a_name(host: Host, digits: bytes, joiner: bytes) -> None:
    """It is listed once, and names the last model."""
    first, second = host.add(digits), host.add(joiner)
    for model_id in (first, second, first, second):
        host.ask(REGISTRY, "setAlias", "latest", model_id, caller=BOB)
        assert host.ask(REGISTRY, "resolve", "latest") == model_id
    assert read_aliases(host.state, REGISTRY) == {"latest": second}


def test_the_owner_of_a_model_does_not_own_its_names(host: Host, digits: bytes) -> None:
    """Anyone may name any registered model."""
    model_id = host.add(digits)
    host.ask(REGISTRY, "setAlias", "mine", model_id, caller=BOB)
    with pytest.raises(NotAllowed):
        host.ask(REGISTRY, "setAlias", "mine", model_id, caller=ALICE)


def test_the_zero_address_owns_what_it_names(host: Host, digits: bytes, joiner: bytes) -> None:
    """An impersonated zero address leaves no name up for grabs."""
    model_id = host.add(digits)
    host.ask(REGISTRY, "setAlias", "zero", model_id, caller=bytes(20))
    with pytest.raises(NotAllowed):
        host.ask(REGISTRY, "setAlias", "zero", host.add(joiner), caller=BOB)
    host.ask(REGISTRY, "setAlias", "zero", model_id, caller=bytes(20))
    assert read_aliases(host.state, REGISTRY) == {"zero": model_id}


def test_only_a_registered_model_can_be_named(host: Host, digits: bytes) -> None:
    """A name never points to nothing."""
    with pytest.raises(UnknownModel, match="register it first"):
        host.ask(REGISTRY, "setAlias", "ghost", host.store.put(digits))
    assert host.state.slots == {}


@pytest.mark.parametrize(
    ("name", "error"),
    [("", BadInput), ("x" * (MAX_ALIAS_BYTES + 1), TooLarge), ("€" * 43, TooLarge)],
)
def test_empty_and_long_names_are_refused(
    host: Host, digits: bytes, name: str, error: type[Exception]
) -> None:
    """The cap counts bytes of UTF-8, not characters."""
    with pytest.raises(error):
        host.ask(REGISTRY, "setAlias", name, host.add(digits))


def test_the_longest_name_is_accepted(host: Host, digits: bytes) -> None:
    """The cap is inclusive."""
    name = "€" * 42 + "xy"
    assert len(name.encode()) == MAX_ALIAS_BYTES
    host.ask(REGISTRY, "setAlias", name, host.add(digits))
    assert list(read_aliases(host.state, REGISTRY)) == [name]


def test_bytes_that_are_not_unicode_are_no_name(host: Host, digits: bytes) -> None:
    """Invalid UTF-8 in a `string` is refused by `setAlias` and `resolve`."""
    for function, arguments in (("setAlias", ("ab", host.add(digits))), ("resolve", ("ab",))):
        data = encode_call(REGISTRY, function, *arguments).replace(b"ab", b"\xff\xfe")
        with pytest.raises(BadInput, match=function):
            host.call(REGISTRY, data)


def test_setting_a_name_logs_an_event_a_client_can_read(host: Host, digits: bytes) -> None:
    """Topics and data as `IModelRegistry` declares them."""
    model_id = host.add(digits)
    host.ask(REGISTRY, "setAlias", "digits", model_id, caller=BOB)
    topics, data = host.state.logs[-1]
    assert topics == (keccak(text="AliasSet(string,bytes32,address)"), model_id, bytes(12) + BOB)
    assert decode(["string"], data) == ("digits",)


def test_a_static_call_names_nothing(host: Host, digits: bytes) -> None:
    """Write protection; resolving is allowed."""
    model_id = host.add(digits)
    with pytest.raises(WriteProtection):
        host.ask(REGISTRY, "setAlias", "digits", model_id, static=True)
    assert read_aliases(host.state, REGISTRY) == {}
    host.ask(REGISTRY, "setAlias", "digits", model_id)
    assert host.ask(REGISTRY, "resolve", "digits", static=True) == model_id


def test_a_name_is_paid_by_the_word_before_anything_is_written(host: Host, digits: bytes) -> None:
    """The exact cost is enough, one less is not."""
    data = encode_call(REGISTRY, "setAlias", "x" * 40, host.add(digits))
    before = dict(host.state.slots)
    cost = 100 + 22_100 * (5 + 2)
    with pytest.raises(OutOfGas):
        host.call(REGISTRY, data, gas=cost - 1)
    assert host.state.slots == before
    assert host.call(REGISTRY, data, gas=cost).gas == cost
