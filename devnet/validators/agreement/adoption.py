"""Adoption: a validator's engine where the chain's rule takes more than equal bits.

It runs every inference itself; where a block's proposer found another output that the rule
supports, execution goes on with the proposer's. All else stays exact: header, gas, state.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from devnet.chain.block import Inference
from devnet.consensus.agreement import Agreement
from devnet.consensus.rules.claim import build_claim
from devnet.consensus.rules.rule import Claim, Exchange, is_supported
from precompiles.digest import compute_keccak
from precompiles.engine.canonical import canonicalize
from precompiles.interface import Engine
from precompiles.models.manifest import Manifest
from precompiles.tensor import Tensor, encode_tensors

MAX_TAKEN = 256  # outputs that are remembered, for those who execute a block again

Outputs = tuple[Tensor, ...]
Call = tuple[bytes, Outputs]  # model and inputs


@dataclass(frozen=True, slots=True)
class Finding:
    """One inference of a block in which a validator found something else than the proposer."""

    inference: int  # place in the block
    reason: str  # why the rule refuses the proposed output, empty if it is taken over


class Adoption:
    """Stands between the precompiles and an engine."""

    def __init__(self, inner: Engine, agreement: Agreement, address: bytes) -> None:
        self._inner, self._agreement, self._address = inner, agreement, address
        self._is_open = False
        self._proposed: dict[Call, list[Outputs]] = {}  # in order of execution
        self._taken: dict[Call, Outputs] = {}  # the latest
        self.digests: list[bytes] = []  # of its own outputs in the latest block, in order
        self.findings: list[Finding] = []  # in the latest block

    @contextmanager
    def consider(self, proposed: Sequence[Inference]) -> Iterator[None]:
        """A block is executed inside; its proposer reports these inferences."""
        if self._agreement.is_exact:
            yield
            return
        self.digests, self.findings = [], []
        self._proposed = {}
        for inference in proposed:
            call = inference.call
            waiting = self._proposed.setdefault((call.manifest.model_id, call.inputs), [])
            waiting.append(call.outputs)
        self._is_open = True
        try:
            yield
        finally:
            self._is_open, self._proposed = False, {}

    def recount(self) -> None:
        """The block that it proposes is executed once more."""
        self.digests, self.findings = [], []

    def load(self, model_id: bytes) -> bytes:
        """As the inner engine."""
        return self._inner.load(model_id)

    def admit(self, model_id: bytes, dimensions: Mapping[str, int]) -> Manifest:
        """As the inner engine."""
        return self._inner.admit(model_id, dimensions)

    def try_out(self, manifest: Manifest) -> None:
        """As the inner engine."""
        self._inner.try_out(manifest)

    def run(self, manifest: Manifest, inputs: Outputs) -> Outputs:
        """Its own outputs, or the proposer's if the rule supports them.

        Outside of a block, as for a trace: those that were taken over last.
        """
        call = (manifest.model_id, inputs)
        if not self._is_open and call in self._taken:
            return self._taken[call]
        own = self._inner.run(manifest, inputs)
        if not self._is_open:
            return own
        place = len(self.digests)
        self.digests.append(compute_keccak(encode_tensors(list(own))))
        waiting = self._proposed.get(call)
        proposed = waiting.pop(0) if waiting else own
        if proposed == own:
            return own
        reason = self._find_reason(own, proposed)
        self.findings.append(Finding(place, reason))
        if reason:
            return own
        if len(self._taken) == MAX_TAKEN:
            self._taken.pop(next(iter(self._taken)))
        self._taken[call] = proposed
        return proposed

    def _find_reason(self, own: Outputs, proposed: Outputs) -> str:
        if not _is_alike(own, proposed):
            return "the proposed output has another type or shape, or no canonical bits"
        exchange = self._agreement.exchange
        if exchange is Exchange.CLAIMS:
            return ""  # others are asked before the vote
        if exchange is Exchange.COMMITMENTS:
            return "other bits"
        return _ask(self._agreement, build_claim(own, self._address), build_claim(proposed))


def _ask(agreement: Agreement, own: Claim, proposed: Claim) -> str:
    """Why the rule does not support a proposed output, empty if it does."""
    try:
        if is_supported(agreement.rule, own, proposed):
            return ""
        dissent = dict(agreement.rule.count((own,), proposed, own.power).dissent)
    except Exception as broken:  # a researcher's code: the chain outlives it
        return f"rule {agreement.text} failed: {broken!r}"
    return dissent.get(own.validator) or "the rule does not support it"


def _is_alike(own: Outputs, proposed: Outputs) -> bool:
    """Whether an output could be one of the same model."""
    return len(own) == len(proposed) and all(
        (a.dtype, a.shape, len(a.data)) == (b.dtype, b.shape, len(b.data)) and canonicalize(b) == b
        for a, b in zip(own, proposed, strict=True)
    )
