"""Judge: whether a block that somebody is accused for comes out otherwise on this validator.

No signature shows what execution gives; so a block with such a report is good only for validators
whose own execution confirms it (decision 0036).
"""

from collections.abc import Callable, Sequence

from devnet.chain.block import Execution
from devnet.chain.body import Block
from devnet.chain.client import Client, Place
from devnet.chain.forks.fork import Fork
from devnet.chain.header import Header, compute_header_hash
from devnet.chain.history import History
from devnet.chain.transaction import decode_included
from devnet.chain.world import World
from devnet.consensus.agreement import Agreement
from devnet.consensus.staking import STAKING
from devnet.errors import BadEvidence, ChainError, HostError
from devnet.validators.accusation import WRONG_RESULT_REPORTED, decode_wrong_result
from devnet.validators.evidence_pool import JUDGED_BLOCKS
from devnet.validators.proposal import extract_template
from precompiles.models.manifest import Profile

_BLOCKHASH_WINDOW = 256  # blocks that BLOCKHASH sees


class Judge:
    """Knows the latest headers of its validator's chain."""

    def __init__(
        self,
        world: World,
        get_client: Callable[[], Client],
        set_engine: Callable[[int], None],
        agreement: Agreement,
    ) -> None:
        """`set_engine` is told the height of what is executed next."""
        self._world, self._get_client, self._set_engine = world, get_client, set_engine
        self._agreement = agreement
        self._headers: dict[int, Header] = {}
        self._history: History | None = None  # where older ones are, after a restart

    def find_fork(self, header: Header) -> Fork:
        """Whose rules a block follows."""
        return self._world.schedule.find_fork(header)

    def add(self, header: Header) -> None:
        """A block was accepted."""
        self._headers[header.number] = header
        self._headers.pop(header.number - JUDGED_BLOCKS - 1, None)

    def restart(self, history: History) -> None:
        """Go on with this chain."""
        self._headers.clear()
        self._history = history

    def check_reports(self, block: Execution, hashes: Sequence[bytes]) -> None:
        """Hold all reports of wrong results in a block to own execution.

        Args:
            hashes: of this validator's chain, by number.
        Raises: BadEvidence for the first that is not confirmed; HostError.
        """
        for transaction, receipt in zip(block.transactions, block.receipts, strict=True):
            topics = [log.topics[0] for log in receipt.logs if log.address == STAKING]
            if WRONG_RESULT_REPORTED in topics:
                if transaction.evm.to != STAKING:
                    raise BadEvidence("a wrong result is reported through another contract")
                height, reported = decode_wrong_result(transaction.evm.data)
                self.check_wrong(height, reported, hashes)

    def check_wrong(self, height: int, reported: Block, hashes: Sequence[bytes]) -> Execution:
        """What a reported block gives here.

        Raises: BadEvidence if it gives what it says, or cannot be judged; HostError.
        """
        header = reported.header
        name = f"block 0x{compute_header_hash(header).hex()[:8]}… of height {height}"
        if not self._agreement.is_exact:
            raise BadEvidence(f"{name}: rule {self._agreement.text} takes other bits for right")
        parent = self._find_recent(height - 1, len(hashes) - 1)
        if parent is None or header.number != height:
            raise BadEvidence(f"{name} cannot be judged: its parent is no recent block")
        if header.parent_hash != hashes[height - 1]:
            raise BadEvidence(f"{name} cannot be judged: its parent is not of this chain")
        if hashes[height : height + 1] == [compute_header_hash(header)]:
            raise BadEvidence(f"{name} is what was decided")
        template = extract_template(header)
        fork = self.find_fork(header)
        self._set_engine(height)
        try:
            transactions = [decode_included(raw, fork) for raw in reported.transactions]
            ancestors = hashes[height - 1 :: -1][:_BLOCKHASH_WINDOW]
            place = Place(self._world.branch(), parent, template, ancestors)
            own = self._get_client().execute(place, transactions)
        except ChainError as invalid:
            raise BadEvidence(f"{name} is no block at all: {invalid}") from invalid
        finally:
            self._set_engine(len(hashes))
        if own.header.transactions_root != header.transactions_root:
            raise BadEvidence(f"{name} has other transactions than those reported")
        if any(i.call.manifest.profile is Profile.PINNED for i in own.inferences):
            raise BadEvidence(f"{name} calls a pinned model: its bits differ between honest hosts")
        if own.hash == compute_header_hash(header):
            raise BadEvidence(f"{name} comes out as it was signed")
        return own

    def refute(self, height: int, reported: Block, hashes: Sequence[bytes]) -> Execution | None:
        """What a block gives, if `check_wrong` confirms a report of it."""
        try:
            return self.check_wrong(height, reported, hashes)
        except (BadEvidence, HostError):
            return None

    def _find_recent(self, number: int, head: int) -> Header | None:
        if not head - JUDGED_BLOCKS <= number <= head or number < 0:
            return None
        known = self._headers.get(number)
        if known is None and self._history is not None:
            known = self._history.get_block(number).header
        return known
