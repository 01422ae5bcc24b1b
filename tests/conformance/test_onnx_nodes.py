"""ONNX's own operator tests, run through the precompile inside a contract call.

A case gets a form that admission can judge: the nearest admitted opset, and operands that decide
shapes bound as constants, as few as will do. What is refused even with all of them bound is
counted with the reason. `count_cases` feeds the table of operators in `precompiles/README.md`.
"""

import json
import sys
import warnings
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from onnx.backend.test.case.node import collect_testcases
from onnx.backend.test.case.test_case import TestCase as Case

from devnet.chain.call import Call
from devnet.chain.signing import UnsignedTransaction, sign_transaction
from devnet.config import Config
from devnet.errors import HostError
from devnet.node import Node
from precompiles.engine.canonical import to_tensor
from precompiles.engine.reference.evaluator import evaluate
from precompiles.errors import Fatal, Revert
from precompiles.inference import INFER, INFERENCE
from precompiles.models.admission import admit_model
from precompiles.models.graph import read_graph
from precompiles.models.limits import MAX_IR, MAX_OPSET, MIN_IR, MIN_OPSET
from precompiles.models.manifest import Manifest, Profile
from precompiles.registry import REGISTER, REGISTRY
from precompiles.tensor import DType, Tensor, decode_tensors, encode_tensors

pytestmark = pytest.mark.slow

Array = npt.NDArray[Any]
PULSE, ECHO = "case_pulse", "case_echo"  # input and output of a graph that would have no input
REGISTER_GAS = 15_000_000  # gas limit of one registration
BATCH = 100  # registrations in one block
MIN_RAN = 1_000  # data sets
ATOL = 1e-5  # absolute error of float results, as the runtime's own run of these cases has it
WIDE_ATOL = {"dft": 1e-3}  # by operator: sums up to 1,000
HALF_RTOL = 2.0**-9  # relative error of float16: two units in the last place
KNOWN = {
    # mismatches that the runtime's own run of these cases lists
    "test_resize_downsample_scales_cubic_align_corners",
    "test_resize_downsample_scales_linear_align_corners",
    # the runtime's x86 builds misorder int64: registration finds out and this host abstains
    "test_max_int64",
    "test_min_int64",
}
CREATE = bytes.fromhex("601a8060095f395ff3")  # deploys the 26 bytes that follow
FORWARD = bytes.fromhex(
    "365f5f37"  # calldatacopy(0, 0, calldatasize)
    f"5f5f365f60{INFERENCE[-1]:02x}5afa"  # staticcall(gas, precompile, 0, calldatasize, 0, 0)
    "3d5f5f3e"  # returndatacopy(0, 0, returndatasize)
    "6016573d5ffd5b3d5ff3"  # return it all, or revert with it
)


@dataclass(frozen=True, slots=True)
class Prepared:
    """One data set of a case, as a model that admission takes."""

    model: bytes
    manifest: Manifest
    inputs: tuple[Array, ...]
    expected: tuple[Array, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one data set of a case: it ran in a profile, or was refused for a reason."""

    case: str
    operator: str
    profile: str = ""
    refusal: str = ""
    fault: str = ""  # why it was admitted and did not run, or ran and gave something else


@dataclass(frozen=True, slots=True)
class Count:
    """Data sets of one operator."""

    ran: Counter[str] = field(default_factory=Counter)  # by profile
    reasons: Counter[str] = field(default_factory=Counter)  # of refusals


def collect_cases() -> list[tuple[Case, str]]:
    """All node cases, each with the operator it tests; an expanded one tests that of its origin."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        cases = list(collect_testcases(None))
    operators = {case.name: case.model.graph.node[0].op_type for case in cases if case.model}
    origins = (case.name.split("_expanded")[0] for case in cases)
    return [(c, operators.get(o, operators[c.name])) for c, o in zip(cases, origins, strict=True)]


def prepare(case: Case, inputs: Sequence[object], outputs: Sequence[object]) -> Prepared:
    """The case with as few inputs bound as admission needs.

    Raises: Revert with the reason if it is refused even with all of them bound.
    """
    model = stamp(case)
    try:
        given, expected = ([read_array(value) for value in values] for values in (inputs, outputs))
    except TypeError:
        admit_model(model.SerializeToString())
        raise
    count = len(given)
    integers = {i for i, array in enumerate(given) if array.dtype.kind in "biu"}
    choices = [set(range(free, count)) for free in range(count, -1, -1)]
    for bound in (*choices, integers):
        try:
            return bind(model, given, bound, expected)
        except Revert as refusal:
            reason = refusal  # of the last: sizes are known, and no float is a constant
    raise reason


def bind(
    model: onnx.ModelProto, given: Sequence[Array], bound: set[int], expected: Sequence[Array]
) -> Prepared:
    """The model with some inputs bound to their values, the others to their shapes.

    Raises: Revert.
    """
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    graph = copy.graph
    values = list(graph.input)
    del graph.input[:]
    inputs = [array for i, array in enumerate(given) if i not in bound]
    for i, (value, array) in enumerate(zip(values, given, strict=True)):
        if i in bound:
            graph.initializer.append(numpy_helper.from_array(array, value.name))
        else:
            kind = value.type.tensor_type.elem_type
            graph.input.append(helper.make_tensor_value_info(value.name, kind, array.shape))
    if not inputs:
        inputs = [np.zeros(1, np.uint8)]
        graph.input.append(helper.make_tensor_value_info(PULSE, TensorProto.UINT8, [1]))
        graph.output.append(helper.make_tensor_value_info(ECHO, TensorProto.UINT8, [1]))
        graph.node.append(helper.make_node("Identity", [PULSE], [ECHO]))
    data = bytes(copy.SerializeToString())
    return Prepared(data, admit_model(data), tuple(inputs), tuple(expected))


def read_array(value: object) -> Array:
    """Raises: TypeError for a value that is no tensor."""
    if isinstance(value, TensorProto):
        value = numpy_helper.to_array(value)
    if not isinstance(value, np.ndarray | np.generic):
        raise TypeError(f"a {type(value).__name__}")
    return np.asarray(value)


def stamp(case: Case) -> onnx.ModelProto:
    """Its model, at the nearest admitted opset and IR version."""
    assert case.model is not None
    model = onnx.ModelProto()
    model.CopyFrom(case.model)
    model.ir_version = min(max(model.ir_version, MIN_IR), MAX_IR)
    for opset in model.opset_import:
        if opset.domain == "":
            opset.version = min(max(opset.version, MIN_OPSET), MAX_OPSET)
    return model


class Chain:
    """A network of one with a contract that forwards every call to the precompile."""

    def __init__(self) -> None:
        self.node = Node(Config(validators=1, accounts=1, block_gas_limit=BATCH * REGISTER_GAS))
        self.account = self.node.accounts[0]
        self._send(None, CREATE + FORWARD)
        receipt = self.node.head.receipts[0]
        assert receipt.contract_address is not None
        self.forwarder = receipt.contract_address

    def register(self, models: Iterable[bytes]) -> dict[bytes, str]:
        """Register models, many to a block; returns by id what the host cannot answer for."""
        faults: dict[bytes, str] = {}
        self.node.set_automine(False)
        for count, model in enumerate(dict.fromkeys(models), 1):
            data = REGISTER + self.node.cluster.put_model(model)
            try:
                self.node.call(Call(self.account.address, REGISTRY, data=data))
                self._send(REGISTRY, data)
            except HostError as fault:
                faults[data[4:]] = str(fault)
            if count % BATCH == 0:
                self.node.mine()
        self.node.set_automine(True)
        return faults

    def infer(self, case: Prepared) -> tuple[Tensor, ...]:
        """Outputs of an inference that the contract asked for."""
        tensors = encode_tensors([to_tensor(array) for array in case.inputs])
        data = INFER + case.manifest.model_id + (64).to_bytes(32, "big") + tensors[32:]
        result = self.node.call(Call(to=self.forwarder, data=data))
        assert [call.caller for call in result.inferences] == [self.forwarder]
        return decode_tensors(result.output)

    def _send(self, to: bytes | None, data: bytes) -> None:
        nonce = self.node.get_pending_nonce(self.account.address)
        fee = 10 * self.node.next_base_fee
        unsigned = UnsignedTransaction(nonce, to, 0, data, REGISTER_GAS, fee, 1)
        self.node.send_raw(sign_transaction(unsigned, self.node.config.chain_id, self.account.key))


def run_cases() -> tuple[Outcome, ...]:
    """Every data set of every node case, in the order in which ONNX lists them."""
    prepared: list[tuple[Case, str, Prepared | str]] = []
    for case, operator in collect_cases():
        for inputs, outputs in case.data_sets or ():
            try:
                prepared.append((case, operator, prepare(case, inputs, outputs)))
            except Revert as refusal:
                prepared.append((case, operator, str(refusal)))
    chain = Chain()
    faults = chain.register(found.model for _, _, found in prepared if isinstance(found, Prepared))
    outcomes = []
    for case, operator, found in prepared:
        if isinstance(found, str):
            outcomes.append(Outcome(case.name, operator, refusal=found))
            continue
        fault = faults.get(found.manifest.model_id) or run_case(chain, case, found)
        profile = found.manifest.profile.name.lower()
        outcomes.append(Outcome(case.name, operator, profile, fault=fault))
    return tuple(outcomes)


def run_case(chain: Chain, case: Case, found: Prepared) -> str:
    """What is wrong with its outputs; empty if nothing is."""
    try:
        outputs = chain.infer(found)
        if found.manifest.profile is Profile.EXACT:
            return compare_exactly(found, outputs)
    except (HostError, Fatal) as fault:
        return str(fault)
    for expected, output in zip(found.expected, outputs, strict=False):
        tensor = to_tensor(expected)
        if (tensor.dtype, tensor.shape) != (output.dtype, output.shape):
            return f"{output.dtype.name}{output.shape} for {tensor.dtype.name}{tensor.shape}"
        got = np.frombuffer(output.data, expected.dtype).reshape(output.shape)
        atol = WIDE_ATOL.get(case.name.split("_")[1], ATOL)
        rtol = max(case.rtol, HALF_RTOL) if tensor.dtype is DType.FLOAT16 else case.rtol
        bounds = {"rtol": rtol, "atol": atol} if tensor.dtype.is_float else {"rtol": 0, "atol": 0}
        if not np.allclose(got, expected, equal_nan=True, **bounds):
            return f"gives {got.tolist()} for {expected.tolist()}"
    return ""


def compare_exactly(found: Prepared, outputs: Sequence[Tensor]) -> str:
    """What differs from ONNX's outputs or the reference evaluator's by as much as a bit."""
    names = [kind.name for kind in found.manifest.inputs]
    tensors = evaluate(read_graph(found.model), dict(zip(names, found.inputs, strict=True)))
    if [to_tensor(tensors[kind.name]) for kind in found.manifest.outputs] != list(outputs):
        return "the reference evaluator gives other bits"
    expected = [to_tensor(array) for array in found.expected]
    return "" if expected == list(outputs[: len(expected)]) else "ONNX expects other bits"


def count_cases(outcomes: Iterable[Outcome]) -> dict[str, Count]:
    """By operator: how many data sets ran in which profile, how many were refused and why."""
    counts: dict[str, Count] = {}
    for outcome in sorted(outcomes, key=lambda outcome: outcome.operator):
        count = counts.setdefault(outcome.operator, Count())
        if outcome.refusal:
            count.reasons[outcome.refusal] += 1
        else:
            count.ran[outcome.profile] += 1
    return counts


@pytest.fixture(scope="module")
def outcomes() -> tuple[Outcome, ...]:
    """The one run that all tests here look at."""
    return run_cases()


def test_every_case_ran_or_was_refused_with_a_reason(outcomes: tuple[Outcome, ...]) -> None:
    """None is left out: cases add up by operator and in all, and each has exactly one fate."""
    listed = Counter(operator for case, operator in collect_cases() for _ in case.data_sets or ())
    counts = count_cases(outcomes)
    assert {op: c.ran.total() + c.reasons.total() for op, c in counts.items()} == listed
    assert all(bool(outcome.profile) != bool(outcome.refusal) for outcome in outcomes)


def test_every_admitted_case_gives_what_onnx_expects(outcomes: tuple[Outcome, ...]) -> None:
    """Exact ones to the bit and as the reference evaluator has it, floats within ONNX's bounds."""
    faults = {outcome.case: outcome.fault for outcome in outcomes if outcome.fault}
    assert {case: fault for case, fault in faults.items() if case not in KNOWN} == {}


def test_many_operators_have_cases_that_ran(outcomes: tuple[Outcome, ...]) -> None:
    """Enough for the tests above to mean something."""
    counts = count_cases(outcomes)
    assert sum(count.ran.total() for count in counts.values()) > MIN_RAN
    exact = {operator for operator, count in counts.items() if count.ran["exact"]}
    assert exact >= {"MatMulInteger", "Reshape", "Transpose", "Concat", "Greater", "Where"}


if __name__ == "__main__":
    table = {operator: asdict(count) for operator, count in count_cases(run_cases()).items()}
    json.dump(table, sys.stdout, indent=1)
