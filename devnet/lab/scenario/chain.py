"""A scenario with models: real blocks and inferences, every validator with its own engine."""

from devnet.chain.call import Call
from devnet.chain.signing import UnsignedTransaction, sign_transaction
from devnet.config import Config
from devnet.errors import NoQuorum
from devnet.lab.scenario.inputs import draw_inputs
from devnet.lab.scenario.model import read_model
from devnet.lab.scenario.result import Result
from devnet.lab.scenario.scenario import Outcome, Scenario
from devnet.lab.trace import Trace
from devnet.models import Models
from devnet.node import Node
from devnet.streams import Stream
from devnet.validators.agreement.selection import parse_agreement
from precompiles.engine.local import LocalEngine
from precompiles.inference import INFER, INFERENCE
from precompiles.models.manifest import Manifest
from precompiles.models.store import MemoryStore
from precompiles.tensor import encode_tensors

_TIP_WEI = 10**9


class ChainRun:
    """One run; models are registered in a block each, then faults and partition begin."""

    def __init__(self, scenario: Scenario, trace: Trace) -> None:
        self._scenario, self._trace = scenario, trace
        powers = scenario.powers
        self.node = Node(
            Config(
                validators=len(powers),
                powers=powers,
                seed=scenario.seed,
                agreement=scenario.agreement,
            )
        )
        self._store = MemoryStore()
        self._honest = LocalEngine(self._store)
        self._stream = Stream(scenario.seed, "inputs")
        self._manifests = [self._register(read_model(model)) for model in scenario.models]
        self._first = self.node.head.header.number + 1
        self._report: list[str] = []
        for index, behavior in scenario.behaviors.items():
            self.node.set_behavior(f"v{index}", behavior)
        names = scenario.names
        self.node.cluster.split([[names[i] for i in side] for side in scenario.network.partition])
        self.node.set_interval(0)

    def run(self) -> Result:
        """All heights, or as many as are decided."""
        cluster, scenario = self.node.cluster, self._scenario
        heights, is_halted = 0, False
        while heights < scenario.heights and not is_halted:
            try:
                self._decide()
                heights += 1
            except NoQuorum as stop:
                is_halted = True
                self._note(str(stop))
        wrong = self._find_wrong_outputs()
        for line in (
            *map(str, cluster.record.disagreements),
            *(f"rule {scenario.rule}, {ruling}" for ruling in cluster.record.rulings),
            *wrong,
            *map(str, cluster.record.forks),
        ):
            self._note(line)
        disagree = sorted({d.validator: None for d in cluster.record.disagreements})
        outcome = Outcome.HALT if is_halted else Outcome.DECIDED
        if cluster.record.forks:
            outcome = Outcome.FORK
        elif wrong:
            outcome = Outcome.WRONG_OUTPUT
        culprits = self._list_culprits()
        report = (f"{heights} of {scenario.heights} heights", *self._report)
        digest = self._trace.digest
        return Result(outcome, heights, tuple(disagree), culprits, report, digest)

    def close(self) -> None:
        """End what the node holds."""
        self.node.close()

    def _register(self, model: bytes) -> Manifest:
        model_id = Models(self.node).add(model).model_id
        self._store.put(model)
        return Models(self.node).find("0x" + model_id.hex()).registration.manifest

    def _decide(self) -> None:
        node = self.node
        for _ in range(self._scenario.calls):
            self._send(self._manifests[self._stream.draw_below(len(self._manifests))])
        node.mine()
        block = node.head
        certificate = node.get_certificate(block.header.number)
        signers = ", ".join(self._name(vote.validator) for vote in certificate.votes)
        self._trace.note(
            f"block {block.header.number} 0x{block.hash.hex()} round {certificate.round} "
            f"by {self._name(block.header.coinbase)} signed {signers}"
        )

    def _send(self, manifest: Manifest) -> None:
        node, account = self.node, self.node.accounts[0]
        tensors = encode_tensors(list(draw_inputs(manifest, self._stream)))
        data = INFER + manifest.model_id + (64).to_bytes(32, "big") + tensors[32:]
        gas = node.estimate_gas(Call(account.address, INFERENCE, 0, data))
        nonce = node.get_pending_nonce(account.address)
        price = 2 * node.next_base_fee + _TIP_WEI
        unsigned = UnsignedTransaction(nonce, INFERENCE, 0, data, gas, price, _TIP_WEI)
        node.send_raw(sign_transaction(unsigned, node.config.chain_id, account.key))

    def _find_wrong_outputs(self) -> list[str]:
        """Outputs in final blocks that the chain's rule does not take for this host's."""
        agreement = parse_agreement(self._scenario.agreement)
        found = []
        for number in range(self._first, self.node.head.header.number + 1):
            for inference in self.node.history.get_block(number).inferences:
                call = inference.call
                own = self._honest.run(call.manifest, call.inputs)
                if not agreement.takes(own, call.outputs):
                    proposer = self._name(self.node.history.get_block(number).header.coinbase)
                    found.append(f"block {number}: a wrong output by {proposer} is final")
        return found

    def _list_culprits(self) -> tuple[str, ...]:
        record = self.node.cluster.record
        guilty = {d.first.validator: None for d in record.duplicates}
        guilty |= {culprit: None for fork in record.forks for culprit in fork.culprits}
        return tuple(sorted(self._name(address) for address in guilty))

    def _name(self, address: bytes) -> str:
        names = {v.address: v.name for v in self.node.cluster.validators}
        return names.get(address, "0x" + address.hex())

    def _note(self, line: str) -> None:
        self._report.append(line)
        self._trace.note(line)
