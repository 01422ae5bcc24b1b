"""Every fault that changes an output is found at its operator, whole on chain, over the zoo.

The right operator is known without the dispute: from the traces of the engines themselves.
"""

from dataclasses import dataclass
from math import ceil, log2

import pytest

from devnet.agency import Agency
from devnet.chain.signing import UnsignedTransaction, sign_transaction
from devnet.config import Config, Optimistic
from devnet.consensus.optimistic import OPTIMISTIC
from devnet.models import Models
from devnet.node import Node
from devnet.validators.misbehaviour import parse_behavior
from devnet.validators.optimistic.contract import Status, Verdict, encode_call, list_tensors
from devnet.validators.optimistic.docket import Matter
from precompiles.engine.generation import generate_inputs
from precompiles.engine.trace import Trace, trace_inference
from precompiles.models.admission import admit_model
from precompiles.models.samples import read_sample

TERMS = Optimistic(window_blocks=4, move_blocks=4)
EXACT = ("digits_exact", "digits_cnn_exact", "volatility_exact", "digits_transformer_exact")
FLOAT = ("digits_float", "digits_cnn_float", "digits_transformer_float", "volatility_float")
WEIGHTED = (*EXACT, *FLOAT[2:])  # where the changed weight shows on all inputs
ZOO = (*EXACT, *FLOAT, "diagnosis_exact", "diagnosis_float")
ROUNDS = ("varied", "unit")
LIMIT = 200  # blocks in which everything is settled


@dataclass(frozen=True, slots=True)
class Case:
    """One request, how it really comes out, and what the faulty validator has claimed."""

    matter: Matter
    honest: Trace
    claimed: tuple[Trace, ...]

    def find_lie(self) -> int | None:
        """The first operator at which a claim departs from the truth."""
        for trace in self.claimed:
            for index, (own, right) in enumerate(zip(trace.steps, self.honest.steps, strict=True)):
                if own.digest != right.digest:
                    return index
        return None


class Trial:
    """A chain of two validators, of which v1 is faulty."""

    def __init__(self, fault: str, samples: tuple[str, ...], count: int) -> None:
        config = Config(validators=2, rule="optimistic", optimistic=TERMS, seed=count)
        self.node = Node(config)
        self.honest, self.liar = (v.address for v in self.node.cluster.validators)
        models = [read_sample(name) for name in samples]
        added = [Models(self.node).add(model).model_id for model in models]
        self._models = dict(zip(added, models, strict=True))
        self.node.set_behavior("v1", parse_behavior(fault))
        self.node.set_automine(False)
        for number in range(count):
            place = number // 2 % len(models)  # one for each validator to execute
            manifest = admit_model(models[place], {})
            label = ROUNDS[number // 2 // len(models) % 2]
            _, inputs = next(generate_inputs(manifest, number, (label,)))
            self._send(encode_call("request", added[place], list_tensors(inputs), 0))

    def _send(self, data: bytes) -> None:
        node, sender = self.node, self.node.accounts[0]
        nonce, fee = node.get_pending_nonce(sender.address), 4 * node.next_base_fee
        unsigned = UnsignedTransaction(nonce, OPTIMISTIC, 1_000, data, 2_000_000, fee, 1)
        node.send_raw(sign_transaction(unsigned, node.config.chain_id, sender.key))

    def run(self) -> tuple[Case, ...]:
        """Until every request has its final answer."""
        (agency,) = self.node.observers
        assert isinstance(agency, Agency)
        claimed: dict[tuple[int, int], Trace] = {}
        for _ in range(LIMIT):
            self.node.mine()
            claimed |= {key: claim.trace for key, claim in agency.agents[1].claims.items()}
            matters = self.node.docket.matters.values()
            if all(matter.status is Status.FINAL for matter in matters):
                break
        return tuple(
            Case(
                matter,
                self._trace(matter),
                tuple(trace for (n, _), trace in sorted(claimed.items()) if n == matter.number),
            )
            for matter in matters
        )

    def _trace(self, matter: Matter) -> Trace:
        model = self._models[matter.model]
        return trace_inference(model, admit_model(model, {}), matter.inputs)


def check(case: Case, trial: Trial) -> bool:
    """Hold one case to the rule; whether the liar was its executor, and lied."""
    assert case.matter.status is Status.FINAL
    assert case.matter.outputs == case.honest.outputs
    expected = ceil(log2(len(case.honest.steps)))
    for conflict in case.matter.conflicts:
        is_executor = conflict.executor == trial.liar
        assert conflict.verdict is (Verdict.CHALLENGER if is_executor else Verdict.EXECUTOR)
        assert conflict.rounds == expected
        assert conflict.slashed == ((trial.liar, TERMS.bond_wei),)
        assert conflict.rewarded == ((trial.honest, TERMS.bond_wei // 2),)
        trace = case.claimed[min(conflict.attempt, len(case.claimed) - 1)]
        lie = Case(case.matter, case.honest, (trace,)).find_lie()
        assert conflict.operator == lie
    first = case.matter.conflicts[:1]
    return bool(first) and first[0].executor == trial.liar


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fault", "samples"),
    [
        ("wrong-model", WEIGHTED),
        ("quantised", FLOAT),
        ("gpu-order", FLOAT),
        ("random-operator", ZOO),
        ("lazy", ZOO),
    ],
)
def test_twenty_lies_of_each_fault_lose_at_the_right_operator(
    fault: str, samples: tuple[str, ...]
) -> None:
    """A hundred in all: of forty requests the liar executes one half and disputes the other."""
    trial = Trial(fault, samples, 40)
    cases = trial.run()
    assert sum(check(case, trial) for case in cases) == 20


def test_a_liar_loses_whether_it_executes_or_challenges() -> None:
    """Two requests, three disputes: its own post, and two of the honest one that it challenges."""
    trial = Trial("wrong-model", ("digits_exact",), 2)
    cases = trial.run()
    assert [check(case, trial) for case in cases] == [True, False]
    assert [len(case.matter.conflicts) for case in cases] == [2, 1]


@pytest.mark.parametrize("fault", ["drift(unpacked)", "saturate"])
def test_other_processors_change_no_output_that_could_be_disputed(fault: str) -> None:
    """Exact and portable models have the same bits there: nobody is accused."""
    trial = Trial(fault, ("digits_cnn_exact", "digits_float"), 4)
    cases = trial.run()
    assert all(case.matter.outputs == case.honest.outputs for case in cases)
    assert not any(case.matter.conflicts for case in cases)
