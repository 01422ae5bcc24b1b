"""The evaluator as a whole: every tensor, no runtime, and held against it on exact models."""

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from onnx import numpy_helper

from precompiles.engine.agreement import check_agreement
from precompiles.engine.canonical import to_array
from precompiles.engine.generation import ROUNDS, generate_inputs
from precompiles.engine.reference.application import NoRule, Rule, Undefined
from precompiles.engine.reference.evaluator import RULES, evaluate
from precompiles.engine.session import build_session
from precompiles.errors import Fatal, RuntimeBroken
from precompiles.models.admission import admit_model
from precompiles.models.graph import Graph, read_graph
from precompiles.models.manifest import Manifest, Profile, Work
from precompiles.models.samples import read_digits, read_sample
from precompiles.tensor import DType, TensorType

Build = Callable[..., bytes]
Read = Callable[[bytes], Graph]


def declare(model: bytes) -> Manifest:
    """A manifest with the signature alone, for models that admission would not call exact."""
    graph = read_graph(model)
    return Manifest(
        bytes(32), Profile.EXACT, len(model), Work(0, 0, 0), graph.inputs, graph.outputs
    )


def test_digits_are_read_alike_in_both_engines() -> None:
    """Every held-out image, every output, bit for bit."""
    model = read_sample("digits_exact")
    graph, session = read_graph(model), build_session(model)
    for image in read_digits()[0]:
        feed = {"pixels": image.reshape(1, 64)}
        tensors = evaluate(graph, feed)
        for kind, answer in zip(graph.outputs, session.run(None, feed), strict=True):
            assert tensors[kind.name].tobytes() == answer.tobytes()


def test_every_tensor_of_the_graph_is_returned() -> None:
    """Constants, inputs, intermediates and outputs, each as declared."""
    graph = read_graph(read_sample("digits_exact"))
    tensors = evaluate(graph, {"pixels": read_digits()[0][:1]})
    assert set(tensors) == set(graph.types)
    for name, kind in graph.types.items():
        assert tensors[name].shape == kind.shape


def test_operator_without_a_rule_is_named(build: Build) -> None:
    """A fault of this host, never an answer."""
    graph = read_graph(build("Softmax", [np.ones((1, 3), np.float32)]))
    with pytest.raises(NoRule, match="no rule for Softmax") as refusal:
        evaluate(graph, {"x0": np.ones((1, 3), np.float32)})
    assert isinstance(refusal.value, Fatal)


def test_result_that_is_not_as_declared_is_a_fault(
    build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A rule cannot hand on a shape that the graph does not know."""
    graph = read_graph(build("Neg", [np.zeros((2, 3), np.int32)]))
    monkeypatch.setitem(dict_of_rules(), "Neg", lambda application: application.first[0])
    with pytest.raises(
        RuntimeBroken, match=r"gives int32\[3\], the graph declares y0: int32\[2, 3\]"
    ):
        evaluate(graph, {"x0": np.zeros((2, 3), np.int32)})


def test_constants_have_their_declared_type(build: Build, read: Read) -> None:
    """Each form of the Constant operator, and a filled tensor."""
    forms: dict[str, Any] = {
        "value": numpy_helper.from_array(np.array([[7]], np.uint8)),
        "value_int": 7,
        "value_ints": [7, 8],
        "value_float": 0.1,
        "value_floats": [0.1, 0.2],
    }
    for name, value in forms.items():
        model = build("Constant", [], **{name: value})
        (answer,) = build_session(model).run(None, {})
        ours = evaluate(read(model), {})["y0"]
        assert (ours.dtype, ours.tolist()) == (answer.dtype, answer.tolist())
    filled = build("ConstantOfShape", [np.array([2, 3])], constants=[0])
    assert evaluate(read(filled), {})["y0"].tolist() == [[0.0] * 3] * 2


def test_evaluator_needs_no_inference_runtime() -> None:
    """What a runtime is held against must not be built on one."""
    code = (
        "import sys, precompiles.engine.reference.evaluator; "
        "sys.exit('onnxruntime' in sys.modules or 'onnx.reference' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_exact_sample_agrees_on_generated_inputs() -> None:
    """Several seeds."""
    model = read_sample("digits_exact")
    manifest = admit_model(model)
    for seed in range(3):
        check_agreement(model, manifest, seed)


@pytest.mark.parametrize("dtype", DType)
def test_generated_inputs_cover_the_extremes_and_repeat(dtype: DType) -> None:
    """Zeros, both ends, a stream of bits and of magnitudes; equal seeds give equal bits."""
    signature = (TensorType("x", dtype, (40, 50)), TensorType("empty", dtype, (0, 3)))
    manifest = Manifest(bytes(32), Profile.EXACT, 0, Work(0, 0, 0), signature, ())
    rounds = dict(generate_inputs(manifest, 1))
    assert rounds == dict(generate_inputs(manifest, 1))
    assert rounds["any"] != dict(generate_inputs(manifest, 2))["any"]
    assert tuple(rounds) == ROUNDS
    arrays = {label: to_array(inputs[0]) for label, inputs in rounds.items()}
    assert not arrays["zero"].any()
    assert len(np.unique(arrays["any"])) > 1
    assert len(np.unique(arrays["varied"])) > 1
    if dtype is not DType.BOOL:
        limits = (
            np.finfo(arrays["zero"].dtype) if dtype.is_float else np.iinfo(arrays["zero"].dtype)
        )
        assert (arrays["lowest"] == limits.min).all()
        assert (arrays["highest"] == limits.max).all()


def test_disagreement_names_operator_and_element(
    build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An evaluator that saturates where the runtime wraps is found out."""
    model = build("Add", [np.zeros((2, 3), np.int32), np.zeros(3, np.int32)])
    check_agreement(model, declare(model), 0)
    wrong: Rule = lambda application: np.maximum(application.first, application.get(1))  # noqa: E731
    monkeypatch.setitem(dict_of_rules(), "Add", wrong)
    with pytest.raises(RuntimeBroken, match=r"differ on .* #0 Add, output 'y0', element \[0, 0\]"):
        check_agreement(model, declare(model), 0)


def dict_of_rules() -> dict[str, Rule]:
    """The table of rules, to replace one in."""
    assert isinstance(RULES, dict)
    return RULES


def test_runtime_that_misorders_int64_is_found_out(build: Build) -> None:
    """Its x86 builds compare low halves as signed: a model that shows it is not exact there."""
    near, far = np.full(64, 1 << 31), np.zeros(64, np.int64)
    model = build("Max", [near, far], constants=[1])
    (answer,) = build_session(model).run(None, {"x0": near})
    if (answer == near).all():
        check_agreement(model, declare(model), 0)
        return
    with pytest.raises(RuntimeBroken, match=r"differ on varied inputs .* #0 Max"):
        check_agreement(model, declare(model), 0)


def test_input_without_a_common_answer_never_reaches_the_runtime(build: Build) -> None:
    """A division that would stop the process is refused first."""
    model = build("Div", [np.zeros(3, np.int64), np.zeros(3, np.int64)])
    with pytest.raises(Undefined, match="division by zero"):
        check_agreement(model, declare(model), 0)


def test_index_out_of_bounds_is_agreed_on_when_both_refuse(build: Build) -> None:
    """A look-up by a runtime index answers or refuses alike in both engines."""
    table = np.arange(12, dtype=np.int32).reshape(4, 3)
    model = build("Gather", [table, np.zeros(2, np.int64)], constants=[0])
    check_agreement(model, declare(model), 0)
