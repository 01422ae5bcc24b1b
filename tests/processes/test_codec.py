"""Messages survive the wire; bytes that are none are refused by name, whatever they are."""

from typing import Any

import cbor2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devnet.consensus.certificate import Certificate
from devnet.consensus.participation.commit import Commit
from devnet.consensus.participation.host import Status
from devnet.consensus.tendermint.message import Precommit, Prevote, Proposal
from devnet.consensus.vote import Vote
from devnet.errors import BadMessage
from devnet.network.sockets.identity import Peer
from devnet.processes.codec import KINDS, VERSION, decode, encode
from devnet.processes.message import (
    BlockWanted,
    Body,
    Decided,
    Introduced,
    LackReport,
    LinkReport,
    Message,
    ModelsHeld,
    Proposed,
    Report,
    ReportWanted,
    Transactions,
)
from devnet.validators.download import PART_BYTES, ModelPart, ModelWanted

NUMBERS = st.integers(0, 2**63 - 1)
ROUNDS = st.integers(-1, 2**63 - 1)
WORDS, ADDRESSES = st.binary(min_size=32, max_size=32), st.binary(min_size=20, max_size=20)
SIGNATURES = st.binary(min_size=65, max_size=65)
SHORT = st.text(max_size=20)
PRECOMMITS = st.builds(Precommit, NUMBERS, NUMBERS, WORDS, WORDS, ADDRESSES, SIGNATURES)
VOTES = st.builds(Vote, NUMBERS, WORDS, ADDRESSES, WORDS, SIGNATURES)
CERTIFICATES = st.builds(
    Certificate, NUMBERS, NUMBERS, WORDS, st.lists(VOTES, max_size=3).map(tuple)
)
BODIES = st.builds(Body, NUMBERS, st.binary(max_size=300), st.none() | CERTIFICATES)
LACKS = st.builds(LackReport, WORDS, SHORT, NUMBERS, st.lists(SHORT, max_size=2).map(tuple))
LINKS = st.builds(LinkReport, SHORT, st.booleans(), NUMBERS, SHORT)
BY_KIND: dict[type[Any], st.SearchStrategy[Any]] = {
    Proposed: st.builds(
        Proposed,
        st.builds(Proposal, NUMBERS, NUMBERS, WORDS, ROUNDS, ADDRESSES, SIGNATURES),
        BODIES,
    ),
    Prevote: st.builds(Prevote, NUMBERS, NUMBERS, WORDS, ROUNDS, ADDRESSES, SIGNATURES),
    Precommit: PRECOMMITS,
    Status: st.builds(Status, NUMBERS, ADDRESSES),
    Decided: st.builds(
        Decided,
        st.builds(Commit, NUMBERS, NUMBERS, WORDS, st.lists(PRECOMMITS, max_size=4).map(tuple)),
        BODIES,
    ),
    Transactions: st.builds(Transactions, st.lists(st.binary(max_size=200), max_size=4).map(tuple)),
    BlockWanted: st.builds(BlockWanted, NUMBERS, NUMBERS, st.booleans()),
    ModelsHeld: st.builds(ModelsHeld, st.lists(WORDS, max_size=3).map(tuple)),
    ModelWanted: st.builds(ModelWanted, WORDS, NUMBERS),
    ModelPart: st.builds(ModelPart, WORDS, NUMBERS, NUMBERS, st.binary(max_size=200)),
    Introduced: st.builds(Introduced, st.builds(Peer, SHORT, ADDRESSES, SHORT, SHORT)),
    ReportWanted: st.builds(ReportWanted, NUMBERS),
    Report: st.builds(
        Report,
        *(NUMBERS, SHORT, NUMBERS, NUMBERS, NUMBERS, SHORT),
        st.lists(LINKS, max_size=3).map(tuple),
        *(NUMBERS, SHORT, WORDS, WORDS),
        st.lists(st.tuples(SHORT, SHORT), max_size=3).map(tuple),
        st.lists(LACKS, max_size=3).map(tuple),
    ),
}
MESSAGES: st.SearchStrategy[Message] = st.one_of(*BY_KIND.values())
VOTE = Prevote(1, 0, bytes(32), -1, bytes(20), bytes(65))


def test_messages_of_every_kind_are_drawn() -> None:
    """What is asked of arbitrary messages is asked of all kinds that there are."""
    assert tuple(BY_KIND) == KINDS


@given(MESSAGES)
def test_a_message_survives_the_wire(message: Message) -> None:
    """All kinds, at the edges of their fields too."""
    assert decode(encode(message)) == message


@settings(max_examples=2_000)
@given(MESSAGES, st.data())
def test_changed_bytes_are_another_message_or_refused(message: Message, data: Any) -> None:
    """Bytes changed, cut out or put in: nothing escapes but the named refusal."""
    sound = bytearray(encode(message))
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, max(0, len(sound) - 1)))
        length = data.draw(st.integers(0, 8))
        sound[place : place + length] = data.draw(st.binary(max_size=8))
    try:
        read = decode(bytes(sound))
    except BadMessage:
        return
    assert encode(read) == sound


@settings(max_examples=2_000)
@given(st.integers(0, len(KINDS)), st.binary(max_size=200))
def test_arbitrary_bytes_are_refused_by_name(kind: int, tail: bytes) -> None:
    """Of every kind that there is, and of one more."""
    data = bytes((VERSION, kind)) + tail
    try:
        read = decode(data)
    except BadMessage:
        return
    assert encode(read) == data


@pytest.mark.parametrize(
    ("tail", "said"),
    [
        (cbor2.dumps([1, 0, bytes(32), -1, bytes(20)]), "signature has 0 bytes, not 65"),
        (cbor2.dumps([1, 0, bytes(31), -1, bytes(20), bytes(65)]), "value has 31 bytes, not 32"),
        (cbor2.dumps([-1, 0, bytes(32), -1, bytes(20), bytes(65)]), "height is -1"),
        (cbor2.dumps([1, 0, bytes(32), -2, bytes(20), bytes(65)]), "pol_round is -2"),
        (cbor2.dumps([2**63, 0, bytes(32), -1, bytes(20), bytes(65)]), "height is 9223372036"),
        (cbor2.dumps([1.0, 0, bytes(32), -1, bytes(20), bytes(65)]), "float where int is meant"),
        (cbor2.dumps([True, 0, bytes(32), -1, bytes(20), bytes(65)]), "bool where int is meant"),
        (cbor2.dumps([1, 0, "0" * 32, -1, bytes(20), bytes(65)]), "str where bytes is meant"),
        (cbor2.dumps([1, 0, bytes(32), -1, bytes(20), bytes(65), 0]), "another encoding"),
        (encode(VOTE)[2:] + b"\0", "another encoding"),
        (b"\x9f\x01\xff", "no Prevote"),
        (b"\xd8\x1c\x81\xd8\x1d\x00", "no Prevote"),
        (b"\xc2\x41\x01", "no Prevote"),
        (b"\xd9\x11\x11\x41", "no Prevote"),
        (b"\x81" * 4_000, "no Prevote"),
        (b"\x5b" + b"\x7f" * 8, "no Prevote"),
        (b"", "no Prevote"),
        (bytes(5_000), "a Prevote of 5002 bytes, at most 4096"),
    ],
)
def test_a_refusal_says_what_is_wrong(tail: bytes, said: str) -> None:
    """Each rule of the format has its words."""
    with pytest.raises(BadMessage, match=said):
        decode(bytes((VERSION, KINDS.index(Prevote))) + tail)


def test_another_version_and_an_unknown_kind_are_refused() -> None:
    """Both say which one this version knows."""
    with pytest.raises(BadMessage, match=f"format {VERSION + 1}, this version reads {VERSION}"):
        decode(bytes((VERSION + 1,)) + encode(VOTE)[1:])
    with pytest.raises(BadMessage, match="kind 13, the last one known is 12"):
        decode(bytes((VERSION, 13)) + encode(VOTE)[2:])
    with pytest.raises(BadMessage, match="1 bytes are no message"):
        decode(b"\2")


def test_a_message_that_peers_would_refuse_is_not_sent() -> None:
    """The limits hold on both sides."""
    with pytest.raises(BadMessage, match="a ModelPart of"):
        encode(ModelPart(bytes(32), 2**24, 0, bytes(2 * PART_BYTES)))
