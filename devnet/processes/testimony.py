"""Testimony: what one process has heard others say at the last heights, and what that proves.

Only statements whose signatures were checked count; late ones do too. What two statements prove
needs nobody's word; a wrong result is found by executing the block again.
"""

from collections.abc import Callable, Iterator

from devnet.chain.block import Execution
from devnet.chain.body import Block
from devnet.consensus.blame.evidence import WrongResult
from devnet.consensus.blame.fork import find_evidence
from devnet.consensus.tendermint.message import Message, Prevote, Proposal
from devnet.consensus.validator_set import ValidatorSet
from devnet.consensus.vote import NIL
from devnet.validators.accusation import Proof, WrongBlock

HEARD_HEIGHTS = 16  # below the one in progress
MAX_HEARD = 256  # statements of one validator at one height
MAX_BLOCKS = 8  # of one height that are kept until it is decided

GetSet = Callable[[int], ValidatorSet]


class Testimony:
    """One process as a witness."""

    def __init__(
        self, get_validators: GetSet, refute: Callable[[int, Block], Execution | None]
    ) -> None:
        """
        Args:
            get_validators: who signs a height.
            refute: what a block of a decided height gives here, if not what it says.
        """
        self._get_validators, self._refute = get_validators, refute
        self._heard: dict[int, dict[bytes, dict[Message, None]]] = {}  # by height and validator
        self._blocks: dict[int, dict[bytes, Block]] = {}  # by height and value

    def hear(self, said: Message, block: Block | None = None) -> tuple[Proof, ...]:
        """What a statement proves together with earlier ones.

        Args:
            block: what a proposal is for.
        """
        if not self._get_validators(said.height).get_power(said.validator):
            return ()
        heard = self._heard.setdefault(said.height, {}).setdefault(said.validator, {})
        if said in heard or len(heard) >= MAX_HEARD:
            return ()
        heard[said] = None
        if block is not None:
            blocks = self._blocks.setdefault(said.height, {})
            if len(blocks) < MAX_BLOCKS:
                blocks.setdefault(said.value, block)
        if len(heard) == 1:
            return ()
        found = find_evidence(heard)
        return tuple(proof for proof in found if not isinstance(proof, WrongResult))

    def conclude(self, height: int, decided: bytes) -> tuple[Proof, ...]:
        """What is proven once a height is decided: who stood for a block with a wrong result.

        A block is executed again only if over a third of the power did not want it.
        """
        for old in [h for h in self._heard if h <= height - HEARD_HEIGHTS]:
            del self._heard[old]
        proofs: list[Proof] = []
        for value, block in self._blocks.pop(height, {}).items():
            if value not in (NIL, decided) and self._is_unwanted(height, value):
                statements = [said for said in self._iterate(height) if said.value == value]
                if self._refute(height, block) is not None:
                    proofs += [WrongBlock(said, block) for said in statements]
        for old in [h for h in self._blocks if h < height]:
            del self._blocks[old]
        return tuple(proofs)

    def list_statements(self, height: int) -> tuple[Message, ...]:
        """All that was heard at a height."""
        return tuple(self._iterate(height))

    def _iterate(self, height: int) -> Iterator[Message]:
        for heard in self._heard.get(height, {}).values():
            yield from heard

    def _is_unwanted(self, height: int, value: bytes) -> bool:
        """Whether validators with over a third of the power prevoted nil where it was proposed."""
        said = self.list_statements(height)
        rounds = {p.round: None for p in said if isinstance(p, Proposal) and p.value == value}
        members, nays = self._get_validators(height), dict[bytes, None]()
        for vote in said:
            if isinstance(vote, Prevote) and vote.round in rounds and vote.value == NIL:
                nays[vote.validator] = None
        return sum(members.get_power(voter) for voter in nays) >= members.third_power
