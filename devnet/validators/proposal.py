"""Proposals: the fixed part of a header, and the rules a proposal must meet before execution."""

from dataclasses import dataclass, replace

from devnet.chain.block import Execution
from devnet.chain.forks.schedule import DEFAULT_SCHEDULE, ForkSchedule
from devnet.chain.header import HEADER_FIELDS, Header
from devnet.chain.template import build_child
from devnet.consensus.certificate import Certificate, compute_certificate_hash
from devnet.errors import BadProposal
from precompiles.digest import compute_keccak

_RESULT_FIELDS = (
    "state_root",
    "transactions_root",
    "receipts_root",
    "logs_bloom",
    "gas_used",
    "extra_data",
    "blob_gas_used",
    "requests_hash",
)


@dataclass(frozen=True, slots=True)
class Proposal:
    """A block its proposer has executed, with the certificate of its parent."""

    round: int
    block: Execution
    last_commit: Certificate | None


def hide_outputs(proposal: Proposal) -> Proposal:
    """The block without what executing it gave; its header still commits to all of it."""
    return replace(proposal, block=replace(proposal.block, receipts=(), inferences=()))


def build_template(
    parent: Header,
    parent_hash: bytes,
    last_commit: Certificate | None,
    proposer: bytes,
    timestamp: int,
    schedule: ForkSchedule = DEFAULT_SCHEDULE,
) -> Header:
    """Header of the next block before execution; everything but the timestamp follows."""
    number = (parent.number + 1).to_bytes(32, "big")
    return build_child(
        schedule,
        parent,
        parent_hash,
        timestamp=timestamp,
        coinbase=proposer,
        mix_hash=compute_keccak(parent.mix_hash + number),
        parent_beacon_block_root=compute_certificate_hash(last_commit),
    )


def extract_template(header: Header) -> Header:
    """The header with its results blanked, ready to execute again."""
    blank = Header(
        parent_hash=header.parent_hash,
        coinbase=header.coinbase,
        state_root=bytes(32),
        number=header.number,
        gas_limit=header.gas_limit,
        timestamp=header.timestamp,
        mix_hash=header.mix_hash,
        base_fee_per_gas=header.base_fee_per_gas,
    )
    return replace(header, **{name: getattr(blank, name) for name in _RESULT_FIELDS})


def check_template(header: Header, expected: Header, parent: Header) -> None:
    """Hold a proposed header to what its parent prescribes.

    Raises: BadProposal naming the first field that breaks a rule.
    """
    if header.timestamp <= parent.timestamp:
        raise BadProposal(f"timestamp {header.timestamp} is not after {parent.timestamp}")
    for name in (*HEADER_FIELDS, "length"):
        if name in _RESULT_FIELDS or name == "timestamp":
            continue
        given, wanted = getattr(header, name), getattr(expected, name)
        if given != wanted:
            raise BadProposal(f"header field {name} is {_show(given)}, must be {_show(wanted)}")


def _show(value: int | bytes) -> str:
    return "0x" + value.hex() if isinstance(value, bytes) else str(value)
