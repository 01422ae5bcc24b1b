"""Rulings: what the chain's rule made of results that were not equal, one line each."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from devnet.validators.opinion import Opinion


@dataclass(frozen=True, slots=True)
class Ruling:
    """One validator's claim about one block."""

    height: int
    round: int
    validator: str  # whose claim it is
    text: str

    def __str__(self) -> str:
        return f"block {self.height} round {self.round}: {self.text}"


def list_rulings(
    height: int,
    round_: int,
    proposer: str,
    opinions: Sequence[Opinion],
    names: Mapping[bytes, str],
) -> Iterator[Ruling]:
    """What was taken over, refused, or not counted; nothing where the rule is exact bits.

    Args:
        names: of validators by address.
    """
    dissent: dict[tuple[bytes, str], None] = {}
    for opinion in opinions:
        name = opinion.validator
        for finding in opinion.findings:
            what = f"the output of inference {finding.inference} by {proposer}"
            verb, why = ("refuses", f": {finding.reason}") if finding.reason else ("takes over", "")
            yield Ruling(height, round_, name, f"{name} {verb} {what}{why}")
        if opinion.digests and opinion.reason and not opinion.findings:
            yield Ruling(height, round_, name, f"{name} refuses the block: {opinion.reason}")
        dissent |= dict.fromkeys(opinion.dissent)
    for address, why in dissent:
        name = names.get(address, "0x" + address.hex())
        yield Ruling(height, round_, name, f"the claim of {name} does not count: {why}")
