"""A scenario with models: real blocks and inferences, every validator with its own engine."""

from devnet.chain.block import Execution
from devnet.chain.call import Call
from devnet.chain.signing import UnsignedTransaction, sign_transaction
from devnet.config import Config
from devnet.consensus.agreement import parse_agreement
from devnet.consensus.blame.naming import use_names
from devnet.errors import NoQuorum
from devnet.lab.scenario.inputs import draw_inputs
from devnet.lab.scenario.links import build_links, find_change_us, find_healing_us
from devnet.lab.scenario.model import read_model
from devnet.lab.scenario.result import Result
from devnet.lab.scenario.scenario import Outcome, Scenario
from devnet.lab.trace import Trace
from devnet.models import Models
from devnet.node import Node
from devnet.streams import Stream
from devnet.validators.links import Links
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
        self._start_us = self.node.cluster.now_us
        self.node.cluster.listen(trace.add)
        network, groups = scenario.network, scenario.network.partition
        healing_us = find_healing_us(network, self._start_us)
        self.node.cluster.links = Links(
            build_links(network, groups, self._start_us), groups, healing_us
        )
        self.node.set_interval(0)

    def run(self) -> Result:
        """All heights, or as many as are decided."""
        cluster, scenario = self.node.cluster, self._scenario
        heights, is_halted = 0, False
        while heights < scenario.heights and not is_halted:
            for _ in range(scenario.calls):
                self._send(self._manifests[self._stream.draw_below(len(self._manifests))])
            is_halted = not self._decide()
            heights += not is_halted
        wrong = self._find_wrong_outputs()
        names = {validator.address: validator.name for validator in cluster.validators}
        for line in (
            *map(str, cluster.record.disagreements),
            *(f"rule {scenario.rule}, {ruling}" for ruling in cluster.record.rulings),
            *wrong,
            *(use_names(str(fork), names) for fork in cluster.record.forks),
            *map(str, cluster.record.deliveries),
        ):
            self._note(line)
        disagree = sorted({d.validator: None for d in cluster.record.disagreements})
        outcome = Outcome.HALT if is_halted else Outcome.DECIDED
        if cluster.record.forks:
            outcome = Outcome.FORK
        elif wrong:
            outcome = Outcome.WRONG_OUTPUT
        culprits = self._list_culprits()
        makers = dict.fromkeys(block.header.coinbase for block in self._list_blocks())
        proposers = sorted(map(self._name, makers))
        named = (f"evidence names {', '.join(culprits)}",) if culprits else ()
        report = (f"{heights} of {scenario.heights} heights", *self._report, *named)
        digest = self._trace.digest
        return Result(outcome, heights, tuple(disagree), culprits, tuple(proposers), report, digest)

    def close(self) -> None:
        """End what the node holds."""
        self.node.close()

    def _register(self, model: bytes) -> Manifest:
        model_id = Models(self.node).add(model).model_id
        self._store.put(model)
        return Models(self.node).find("0x" + model_id.hex()).registration.manifest

    def _decide(self) -> bool:
        """Whether there is a block of what waits, while the network may still get better."""
        change_us = find_change_us(self._scenario.network, self._start_us)
        limit_us = self._start_us + self._scenario.limit_s * 10**6
        while True:
            began_us = self.node.cluster.now_us
            try:
                self.node.mine()
            except NoQuorum as stop:
                self._note(str(stop))
                if began_us >= min(change_us, limit_us):
                    return False
            else:
                self._show_block()
                return True

    def _show_block(self) -> None:
        node = self.node
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
        for block in self._list_blocks():
            for inference in block.inferences:
                call = inference.call
                own = self._honest.run(call.manifest, call.inputs)
                if not agreement.takes(own, call.outputs):
                    where, who = block.header.number, self._name(block.header.coinbase)
                    found.append(f"block {where}: a wrong output by {who} is final")
        return found

    def _list_blocks(self) -> list[Execution]:
        numbers = range(self._first, self.node.head.header.number + 1)
        return [self.node.history.get_block(number) for number in numbers]

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
