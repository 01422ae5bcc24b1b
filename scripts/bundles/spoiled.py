"""Bundles that are not as they should be: a sound one, and what was done to it."""

import copy
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from bundles.paper import Chain
from bundles.runs import run_exact
from bundles.sound import build_changed_chain, prove_many, prove_one
from devnet.consensus.set_change import Update
from devnet.consensus.validator_set import compute_set_hash
from devnet.consensus.vote import Vote, VoteContext, sign_vote
from devnet.streams import draw
from devnet.verification.bundle import Bundle, dump_bundle

_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
_BASES: dict[str, Callable[[], Bundle]] = {
    "exact": lambda: prove_one(run_exact()),
    "many": prove_many,
    "changes": lambda: build_changed_chain().build_bundle(12, 1),
    "there_and_back": lambda: _build_return().build_bundle(6),
}
Spoil = Callable[[Any], None]


@dataclass(frozen=True, slots=True)
class Spoiled:
    """What must not verify: JSON values, or a text where they could not show it."""

    name: str
    says: str
    bundle: dict[str, Any] | str


def build_spoiled() -> Iterator[Spoiled]:
    """All cases; the model is `digits_exact` for each."""
    shown = {name: dump_bundle(build()) for name, build in _BASES.items()}
    for name, (base, says, spoil) in _SPOILS.items():
        bundle = copy.deepcopy(shown[base])
        spoil(bundle)
        yield Spoiled(name, says, bundle)
    text = json.dumps(shown["exact"], indent=1)
    for name, says, broken in (
        ("no_json", "a comma too many", text.replace("{", "{,", 1)),
        ("repeated_field", "chainId stands twice", text.replace("{", '{"chainId": 31337,', 1)),
        ("fraction", "chainId as 31337.0", text.replace("31337", "31337.0", 1)),
        ("minus_zero", "the round as -0", text.replace('"round": 0', '"round": -0', 1)),
        ("list", "a list", "[]"),
    ):
        yield Spoiled(name, says, broken)
    sound = prove_one(run_exact())
    other_chain = dump_bundle(_sign_as(sound, 31338, "paper"))
    yield Spoiled("other_chain_id", "votes for another chain id", other_chain)
    strangers = dump_bundle(_sign_as(sound, 31337, "strangers"))
    yield Spoiled("strangers", "others have signed for the members", strangers)


def flip(text: str) -> str:
    """Hex with its last bit changed."""
    return text[:-1] + f"{int(text[-1], 16) ^ 1:x}"


def _set(*path: str | int, to: Any = flip, new: bool = False) -> Spoil:
    """Put another value somewhere; a function makes it of the old one."""

    def spoil(bundle: Any) -> None:
        *way, last = path
        for key in way:
            bundle = bundle[key]
        assert new or to != bundle[last], f"{path} is {to} already"
        bundle[last] = to(bundle[last]) if callable(to) else to

    return spoil


def _drop(*path: str | int) -> Spoil:
    def spoil(bundle: Any) -> None:
        *way, last = path
        for key in way:
            bundle = bundle[key]
        del bundle[last]

    return spoil


def _raise_s(signature: str) -> str:
    """The same signature with the other s."""
    raw = bytes.fromhex(signature[2:])
    s = _ORDER - int.from_bytes(raw[32:64], "big")
    return "0x" + (raw[:32] + s.to_bytes(32, "big") + bytes((raw[64] ^ 1,))).hex()


def _raise_case(text: str) -> str:
    return "0x" + text[2:].upper()


def _cut(text: str) -> str:
    return text[:-2]


def _swap(items: list[Any]) -> list[Any]:
    return [items[1], items[0], *items[2:]]


def _repeat(items: list[Any]) -> list[Any]:
    return [items[0], *items]


def _replace_first(items: list[Any]) -> list[Any]:
    return [items[2], *items[1:]]


def _add_member(members: list[Any]) -> list[Any]:
    return [*members, {"address": "0x" + "11" * 20, "power": 1}]


def _add_node(proof: dict[str, Any]) -> dict[str, Any]:
    words = proof["words"]
    return {**proof, "words": [words[0], words[1], [*words[2], words[2][-1]]]}


def _leave_two(bundle: Any) -> None:
    certificate = bundle["certificate"]
    powers = {member["address"]: member["power"] for member in bundle["validators"]}
    certificate["votes"] = votes = certificate["votes"][:2]
    certificate["power"] = sum(powers[vote["validator"]] for vote in votes)


def _leave_two_of(block: dict[str, Any]) -> dict[str, Any]:
    _leave_two(block)
    return block


def _say_three(bundle: Any) -> None:
    certificate = bundle["certificate"]
    certificate |= {"votes": certificate["votes"][:1] * 3, "power": 3}


def _count_twice(bundle: Any) -> None:
    bundle["validators"][0]["power"] = 3
    _leave_two(bundle)


def _build_return() -> Chain:
    """The set changes and changes back before the inference."""
    chain = Chain((1, 1, 1, 1))
    first = chain.get_set(1).members[0].address
    chain.add_block(changes=[Update(first, 2)])
    chain.add_block(changes=[Update(first, 1)])
    for _ in range(3):
        chain.add_block()
    chain.add_block(run_exact())
    return chain


def _sign_as(bundle: Bundle, chain_id: int, keys: str) -> Bundle:
    """The bundle with other signatures."""
    certificate = bundle.certificate
    context = VoteContext(chain_id, certificate.height, compute_set_hash(bundle.validators))
    votes: list[Vote] = [
        sign_vote(context, vote, draw(0, keys, place))
        for place, vote in enumerate(certificate.votes)
    ]
    return replace(bundle, certificate=replace(certificate, votes=tuple(votes)))


_SPOILS: dict[str, tuple[str, str, Spoil]] = {
    # JSON
    "old_version": ("exact", "version 1", _set("format", to="devnet-proof-bundle/1")),
    "unknown_field": ("exact", "a field too many", _set("note", to=1, new=True)),
    "missing_field": ("exact", "no receipt", _drop("receipt")),
    "upper_case": ("exact", "hex in upper case", _set("header", "stateRoot", to=_raise_case)),
    "half_byte": ("exact", "a digit too few", _set("header", "mixHash", to=lambda t: t[:-1])),
    "short_header": ("exact", "20 fields for 21", _drop("header", "requestsHash")),
    "wrong_length": ("exact", "an output a byte short", _set("outputs", 1, "data", to=_cut)),
    # VALIDATORS AND SIGNATURES
    "repeated_signature": ("exact", "one vote three times", _say_three),
    "counted_twice": ("exact", "power 3 for one member, two votes", _count_twice),
    "too_few": ("exact", "two votes of four", _leave_two),
    "vote_left_out": ("exact", "three votes, power 4", _drop("certificate", "votes", 3)),
    "votes_swapped": ("exact", "not in the set's order", _set("certificate", "votes", to=_swap)),
    "high_s": ("exact", "the other s", _set("certificate", "votes", 0, "signature", to=_raise_s)),
    "fingerprint": ("exact", "in a vote", _set("certificate", "votes", 1, "fingerprint")),
    "signature": ("exact", "a bit of one", _set("certificate", "votes", 2, "signature")),
    "certified_height": ("exact", "another", _set("certificate", "height", to=3)),
    "certified_round": ("exact", "another", _set("certificate", "round", to=1)),
    "member_added": ("exact", "who did not sign", _set("validators", to=_add_member)),
    "members_swapped": ("exact", "another order", _set("validators", to=_swap)),
    "description": ("exact", "of an engine", _set("engines", 0, "description", "runtime", to="x")),
    # BLOCK, RECEIPT AND TENSORS
    "state_root": ("exact", "another", _set("header", "stateRoot")),
    "gas_used": ("exact", "in the header", _set("header", "gasUsed", to=1)),
    "receipt_gas": ("exact", "in the receipt", _set("receipt", "gas", to=1)),
    "not_reverted": ("exact", "reverted it says", _set("receipt", "reverted", to=True)),
    "sibling": ("many", "another", _set("path", "siblings", 1)),
    "index": ("many", "another leaf", _set("path", "index", to=2)),
    "count": ("many", "of more leaves", _set("path", "count", to=6)),
    "input": ("exact", "a bit", _set("inputs", 0, "data")),
    "output": ("exact", "a bit", _set("outputs", 1, "data")),
    "output_type": ("exact", "uint32 for int32", _set("outputs", 1, "dtype", to=12)),
    # SUCCESSION
    "first_change_dropped": ("changes", "the joining is missing", _drop("changes", 0)),
    "adjacent_change_dropped": ("changes", "the second of two in a row", _drop("changes", 1)),
    "last_change_dropped": ("changes", "the leaving is missing", _drop("changes", 5)),
    "way_back_dropped": ("there_and_back", "neither way: the same set", _set("changes", to=[])),
    "changes_swapped": ("changes", "the first two", _set("changes", to=_swap)),
    "change_repeated": ("changes", "the first one twice", _set("changes", to=_repeat)),
    "change_later": ("changes", "in place of the first", _set("changes", to=_replace_first)),
    "change_votes": ("changes", "signed by too few", _set("changes", 0, to=_leave_two_of)),
    "change_signature": (
        *("changes", "a bit of one"),
        _set("changes", 2, "certificate", "votes", 0, "signature"),
    ),
    "change_header": ("changes", "another", _set("changes", 3, "header", "timestamp", to=1)),
    "node": ("changes", "a bit", _set("changes", 4, "stateProof", "words", 1, 0)),
    "node_left_over": ("changes", "one twice", _set("changes", 4, "stateProof", to=_add_node)),
    "node_missing": ("exact", "the account's last", _drop("stateProof", "account", -1)),
    "word_missing": ("exact", "that no change follows", _set("stateProof", "words", to=[])),
}
