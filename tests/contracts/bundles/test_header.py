"""Headers that are no headers: signed by everybody, and refused."""

from random import Random

import pytest
import rlp
from eth_abi.abi import encode
from eth_utils.abi import filter_abi_by_name, function_abi_to_4byte_selector, get_abi_input_types

from contracts import load
from devnet.chain.header import encode_header, list_header
from devnet.verification.calldata import list_bundle
from precompiles.digest import compute_keccak
from tests.contracts.bundles.conftest import Deployed, Refusal
from tests.contracts.bundles.notary import Notary

NOTARY = Notary((1,))
BUNDLE = NOTARY.notarise()
FIELDS = list_header(BUNDLE.header)
GOOD = encode_header(BUNDLE.header)
NUMBER, EXTRA_DATA = 8, 12


def check(deployed: Deployed, header: bytes) -> bytes | Refusal:
    """What the contract says of these bytes under a certificate for their hash."""
    certified = NOTARY.certify(BUNDLE, list(NOTARY.keys), compute_keccak(header))
    chain_id, _, *rest = list_bundle(certified)
    (function,) = filter_abi_by_name("check", load("BundleVerifier").abi)
    arguments = [(chain_id, header, *rest), NOTARY.set_hash]
    data = encode(get_abi_input_types(function), arguments)
    return deployed.call(function_abi_to_4byte_selector(function) + data)


def with_field(place: int, value: object) -> bytes:
    """The header with another field."""
    return rlp.encode([*FIELDS[:place], value, *FIELDS[place + 1 :]])  # type: ignore[no-any-return]


def test_header_of_any_length_from_frontier_on_is_read(deployed: Deployed) -> None:
    """Later forks add fields; the first fifteen stay."""
    for length in range(15, len(FIELDS) + 3):
        fields = (FIELDS + [bytes(32)] * 2)[:length]
        assert isinstance(check(deployed, rlp.encode(fields)), bytes), length


@pytest.mark.parametrize(
    ("header", "error"),
    [
        (b"", "BadRlp"),
        (b"\x80", "BadRlp"),
        (b"\xc0", "BadHeader"),
        (rlp.encode(FIELDS[:14]), "BadHeader"),
        (GOOD + b"\x00", "BadRlp"),
        (GOOD[:-1], "BadRlp"),
        (b"\xf9" + bytes(2) + GOOD[3:], "BadRlp"),
        (b"\xfa\x00" + GOOD[1:3] + GOOD[3:], "BadRlp"),
        (b"\xff" * 40, "BadRlp"),
        (b"\xf8\x37" + bytes(55), "BadRlp"),
        (with_field(EXTRA_DATA, FIELDS[EXTRA_DATA][:31]), "BadRlp"),
        (with_field(EXTRA_DATA, FIELDS[EXTRA_DATA] + b"\x00"), "BadRlp"),
        (with_field(EXTRA_DATA, [FIELDS[EXTRA_DATA]]), "BadRlp"),
        (with_field(0, [b"a list"]), "BadRlp"),
        (with_field(3, b""), "BadRlp"),
        (with_field(NUMBER, b"\x00\x07"), "BadRlp"),
        (with_field(NUMBER, b"\x01" * 33), "BadRlp"),
        (GOOD.replace(b"\x07\x84", b"\x81\x07\x84", 1), "BadRlp"),
    ],
    ids=range(18),
)
def test_bytes_that_are_no_header_are_refused(
    deployed: Deployed, header: bytes, error: str
) -> None:
    """Too short, too long, lists for strings, and every form that is not the canonical one."""
    answer = check(deployed, header)
    assert isinstance(answer, Refusal)
    assert answer.error == error


def test_garbled_headers_never_pass_for_another(deployed: Deployed) -> None:
    """Cut and changed anywhere: an error of the reader, or the same three values as before."""
    draw = Random(3)
    for _ in range(60):
        changed = bytearray(GOOD)
        for _ in range(draw.randint(1, 3)):
            changed[draw.randrange(len(changed))] = draw.randrange(256)
        header = bytes(changed[: draw.choice((len(changed), draw.randrange(len(changed))))])
        answer = check(deployed, header)
        if isinstance(answer, bytes):
            fields = rlp.decode(header)
            assert fields[EXTRA_DATA] == FIELDS[EXTRA_DATA]
            assert fields[NUMBER] == FIELDS[NUMBER]


def test_votes_are_for_the_number_in_the_header(deployed: Deployed) -> None:
    """The height that is signed is read from the bytes, not taken from the certificate."""
    answer = check(deployed, with_field(NUMBER, b"\x09"))
    assert answer == Refusal("WrongHeight", (7, 9))
