"""What a chain shows of one block and its model calls, and who can show it: a source."""

from dataclasses import dataclass
from typing import Protocol

from devnet.chain.header import EMPTY_TRIE_ROOT, Header
from devnet.consensus.certificate import Certificate
from devnet.consensus.validator_set import ValidatorSet
from devnet.receipt import InferenceReceipt
from devnet.verification.difference import Descriptions
from precompiles.tensor import Tensor


@dataclass(frozen=True, slots=True)
class Claim:
    """One model call as it was shown."""

    receipt: InferenceReceipt
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]


@dataclass(frozen=True, slots=True)
class Seal:
    """Who signed a block."""

    certificate: Certificate
    validators: ValidatorSet
    engines: Descriptions  # of all who signed


@dataclass(frozen=True, slots=True)
class Record:
    """One block as it was shown."""

    header: Header
    seal: Seal | None  # who signed it; a source may leave it out for a block without calls
    claims: tuple[Claim, ...]
    is_imported: bool = False  # made elsewhere: nobody here signed it

    @property
    def has_transactions(self) -> bool:
        """Without any there is no model call."""
        return self.header.transactions_root != EMPTY_TRIE_ROOT


class Source(Protocol):
    """A chain that is audited: a node's own, or one that is asked from afar."""

    @property
    def chain_id(self) -> int: ...

    @property
    def head(self) -> int:
        """Number of the latest block."""

    @property
    def agreement(self) -> str:
        """The rule by which validators take an output, `exact` for equal bits."""

    def read_record(self, number: int) -> Record:
        """Raises: BadBundle for what does not read; StoreError, RemoteError."""

    def read_model(self, model_id: bytes) -> bytes:
        """The bytes under an id, whatever they hash to.

        Raises: ModelMissing; StoreCorrupt if they are known not to be those.
        """
