"""consensus_evidence: who contradicted itself or signed a wrong result, and what it cost."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from devnet.chain.history import LogPlace, LogQuery
from devnet.consensus.staking import STAKING, Misbehaviour
from devnet.consensus.tendermint.message import Message, Precommit
from devnet.consensus.vote import NIL
from devnet.node import Node
from devnet.rpc.dispatch import Json, Method
from devnet.rpc.quantity import decode_number, encode_bytes, encode_quantity
from devnet.validators.accusation import SLASHED, Proof, WrongBlock
from devnet.validators.evidence_pool import Place, locate


@dataclass(frozen=True, slots=True)
class _Views:
    """What is asked of all entries."""

    names: Mapping[bytes, str]
    punishments: Mapping[Place, LogPlace]

    def show(self, place: Place, proof: Proof | None) -> dict[str, Json]:
        validator, height, what = place
        statements = [None, None] if proof is None else _list_statements(proof)
        return {
            "kind": what.name.title().replace("_", ""),
            "validator": encode_bytes(validator),
            "name": self.names.get(validator),
            "height": height,
            "round": None if proof is None else proof.first.round,
            "first": None if statements[0] is None else _show_message(statements[0]),
            "second": None if statements[1] is None else _show_message(statements[1]),
            "punishment": _show_punishment(self.punishments.get(place)),
        }


def get_evidence(node: Node, first: object = None, last: object = None) -> Json:
    """Misbehaviour at heights `first` to `last`, and where it was punished, if it was.

    Statements are shown as long as this process remembers them; the transaction has them too.
    """
    low = 0 if first is None else decode_number(first, "from")
    high = node.head.header.number + 1 if last is None else decode_number(last, "to")
    query = LogQuery(low, node.head.header.number, (STAKING,), ((SLASHED,),))
    punishments = {_read_place(found): found for found in node.history.find_logs(query)}
    names = {standing.address: standing.name for standing in node.cluster.standings}
    views, entries = _Views(names, punishments), list(_iterate_known(node))
    known = {place for place, _ in entries}
    entries += [(place, None) for place in punishments if place not in known]
    return [views.show(*entry) for entry in entries if low <= entry[0][1] <= high]


METHODS: Mapping[str, Method] = {"consensus_evidence": get_evidence}


def _iterate_known(node: Node) -> Iterator[tuple[Place, Proof | None]]:
    duplicates = node.cluster.record.duplicates
    shown = {locate(duplicate) for duplicate in duplicates}
    yield from ((locate(duplicate), duplicate) for duplicate in duplicates)
    for accusation in node.cluster.evidence:
        if accusation.place not in shown:
            yield accusation.place, accusation.proof


def _read_place(found: LogPlace) -> Place:
    height, what = (int.from_bytes(w, "big") for w in (found.log.topics[2], found.log.data[:32]))
    return found.log.topics[1][12:], height, Misbehaviour(what)


def _list_statements(proof: Proof) -> list[Message | None]:
    return [proof.first, None if isinstance(proof, WrongBlock) else proof.second]


def _show_punishment(found: LogPlace | None) -> Json:
    if found is None:
        return None
    return {
        "block": found.place.block.header.number,
        "transactionHash": encode_bytes(found.place.transaction.hash),
        "amount": encode_quantity(int.from_bytes(found.log.data[32:64], "big")),
    }


def _show_message(message: Message) -> dict[str, Json]:
    shown: dict[str, Json] = {
        "type": type(message).__name__.lower(),
        "height": message.height,
        "round": message.round,
        "blockHash": None if message.value == NIL else encode_bytes(message.value),
        "signature": encode_bytes(message.signature),
    }
    if isinstance(message, Precommit):
        return shown | {"fingerprint": encode_bytes(message.fingerprint)}
    return shown | {"polRound": message.pol_round}
