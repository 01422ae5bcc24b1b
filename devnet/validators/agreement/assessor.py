"""Assessor: what one validator finds about a proposal, before and after it hears the others."""

from collections.abc import Sequence
from dataclasses import replace

from devnet.chain.block import Execution
from devnet.consensus.agreement import Agreement
from devnet.consensus.rules.rule import Count, Exchange
from devnet.consensus.tendermint.message import Proposal
from devnet.consensus.validator_set import ValidatorSet
from devnet.streams import draw
from devnet.validators.agreement.hearing import Hearing
from devnet.validators.executor import Executor
from devnet.validators.opinion import Opinion


class Assessor:
    """An executor, and the opinions that wait for claims."""

    def __init__(self, executor: Executor, agreement: Agreement, seed: int, name: str) -> None:
        """`seed` and `name` decide the salts."""
        self._executor, self._agreement = executor, agreement
        self._seed, self._name = seed, name
        self._opinions: dict[Proposal, Opinion] = {}

    @property
    def hides_outputs(self) -> bool:
        """Whether blocks are proposed without what executing them gave."""
        return self._agreement.exchange is Exchange.COMMITMENTS

    def is_settled(self, proposal: Proposal) -> bool:
        """Whether nothing that others say can matter any more: it is for the block."""
        known = self._executor.find_opinion(proposal.value)
        return known is not None and not known.reason

    def is_copying(self, proposal: Proposal) -> bool:
        """Whether it says what others say instead of executing."""
        return self._executor.is_lazy(proposal) and not self.is_settled(proposal)

    def examine(self, proposal: Proposal) -> bool:
        """Execute a block; whether there is anything to hear about it."""
        if len(self._opinions) and next(iter(self._opinions)).height < proposal.height:
            self._opinions = {}
        if self.is_copying(proposal):
            return True
        known = self._executor.find_opinion(proposal.value)
        if known is None or known.reason:
            known = self._executor.examine(proposal)
        elif known.execution is not None and not known.digests:  # its own proposal
            known = replace(known, digests=_list_digests(known.execution))
        if known is None:
            return False
        if not known.digests:  # no inference: nobody has to be asked
            self._executor.settle(proposal, known)
            return False
        self._opinions[proposal] = known
        return True

    def trust(self, proposal: Proposal) -> None:
        """Take a polka for the claims of others; its own execution still has to fit."""
        if not self.is_settled(proposal) and not self._executor.is_lazy(proposal):
            opinion = self._executor.examine(proposal)
            if opinion is not None:
                self._executor.settle(proposal, opinion)

    def get_digests(self, proposal: Proposal) -> tuple[bytes, ...]:
        """Of its own outputs; a lazy validator has those of the proposer, where it sees them."""
        known = self._opinions.get(proposal)
        if known is not None:
            return known.digests
        body = self._executor.find_body(proposal.value)
        return () if body is None else _list_digests(body.block)

    def get_salt(self, proposal: Proposal) -> bytes:
        """The same for the same proposal, also after a crash."""
        return draw(self._seed, "salt", self._name, proposal.height, proposal.round)

    def judge(self, proposal: Proposal, hearing: Hearing, members: ValidatorSet) -> None:
        """Hold an opinion now that claims are in."""
        opinion = self._opinions.get(proposal)
        if opinion is None or opinion.execution is None:
            return
        digests = _list_digests(opinion.execution)
        try:
            counts = hearing.count(self._agreement.rule, members, proposal.validator, digests)
        except Exception as broken:  # a researcher's code: the chain outlives it
            counts, refusal = (), f"rule {self._agreement.text} failed: {broken!r}"
        else:
            refusal = _find_refusal(counts, digests, members)
        dissent = {who: why for count in reversed(counts) for who, why in count.dissent}
        opinion = replace(opinion, dissent=tuple(dissent.items()))
        if refusal and not opinion.reason:
            opinion = replace(self._look_alone(proposal, opinion), reason=refusal)
        self._executor.settle(proposal, opinion)

    def _look_alone(self, proposal: Proposal, opinion: Opinion) -> Opinion:
        """With its own result instead of one that it would have taken over."""
        if self._agreement.exchange is not Exchange.CLAIMS or not opinion.findings:
            return opinion
        alone = self._executor.examine_alone(proposal)
        return replace(opinion, execution=alone, findings=())


def _list_digests(block: Execution) -> tuple[bytes, ...]:
    return tuple(inference.receipt.output_digest for inference in block.inferences)


def _find_refusal(counts: Sequence[Count], digests: Sequence[bytes], members: ValidatorSet) -> str:
    for place, (count, digest) in enumerate(zip(counts, digests, strict=True)):
        if count.digest != digest:
            found = "found another output" if count.digest else "support the proposed output"
            power = f"power {count.power} of {members.total_power}"
            return f"inference {place}: claims with {power} {found}"
    return ""
