"""An engine that takes over what the rule supports, and nothing that no model could give."""

from __future__ import annotations

from struct import pack
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from devnet.consensus.agreement import parse_agreement
from devnet.validators.agreement.adoption import Adoption, Finding
from precompiles.tensor import DType, Tensor

if TYPE_CHECKING:
    from collections.abc import Mapping

    from precompiles.models.manifest import Manifest

    Outputs = tuple[Tensor, ...]

MANIFEST: Any = SimpleNamespace(model_id=b"m" * 32)
INPUTS = (Tensor(DType.UINT8, (1,), b"\x07"),)


class Counting:
    """An engine that gives 1.0, then 2.0 and so on."""

    def __init__(self) -> None:
        self.runs = 0

    def load(self, model_id: bytes) -> bytes:
        return model_id

    def admit(self, model_id: bytes, dimensions: Mapping[str, int]) -> Manifest:
        raise NotImplementedError

    def try_out(self, manifest: Manifest) -> None:
        raise NotImplementedError

    def run(self, manifest: Manifest, inputs: Outputs) -> Outputs:
        self.runs += 1
        return floats(float(self.runs))


def floats(*values: float) -> Outputs:
    """One output of so many float32 elements."""
    return (Tensor(DType.FLOAT32, (len(values),), pack(f"<{len(values)}f", *values)),)


def propose(*outputs: Outputs) -> Any:
    """Inferences of a block, all of the same model on the same inputs."""
    calls = [SimpleNamespace(manifest=MANIFEST, inputs=INPUTS, outputs=o) for o in outputs]
    return [SimpleNamespace(call=call) for call in calls]


def build(rule: str) -> Adoption:
    """An adoption around an engine that counts."""
    return Adoption(cast("Any", Counting()), parse_agreement(rule), b"a" * 20)


def test_equal_calls_of_a_block_take_over_their_own_outputs_in_order() -> None:
    """A proposer whose sums change gives two outputs for one input; both are kept apart."""
    adoption = build("tolerance(1048576)")
    with adoption.consider(propose(floats(1.5), floats(2.25))):
        assert adoption.run(MANIFEST, INPUTS) == floats(1.5)
        assert adoption.run(MANIFEST, INPUTS) == floats(2.25)
        assert adoption.run(MANIFEST, INPUTS) == floats(3.0)  # nobody proposed a third
    assert adoption.findings == [Finding(0, ""), Finding(1, "")]
    assert len(dict.fromkeys(adoption.digests)) == 3  # of its own outputs


def test_who_executes_a_block_again_gets_what_was_taken_over() -> None:
    """As for a trace of a transaction; a proposal of its own begins with its own outputs."""
    adoption = build("tolerance(1048576)")
    with adoption.consider(propose(floats(1.5))):
        adoption.run(MANIFEST, INPUTS)
    assert adoption.run(MANIFEST, INPUTS) == floats(1.5)
    with adoption.consider(()):
        assert adoption.run(MANIFEST, INPUTS) == floats(2.0)


@pytest.mark.parametrize(
    ("proposed", "reason"),
    [
        (floats(1.0 + 2**-19), "element 0: 1048578 proposed, 1048576 found, at most 1 apart"),
        (floats(float("nan")), "element 0"),
        (floats(float("inf")), "element 0"),
        (floats(1.0, 1.0), "another type or shape"),
        (floats() + floats(1.0), "another type or shape"),
        ((Tensor(DType.INT32, (1,), pack("<i", 1)),), "another type or shape"),
        ((Tensor(DType.FLOAT32, (1,), pack("<I", 0x7FC00001)),), "no canonical bits"),
    ],
    ids=["far", "nan", "infinite", "longer", "more", "integers", "another nan"],
)
def test_what_no_tolerance_covers_is_refused(proposed: Outputs, reason: str) -> None:
    """Neither a value that is too far nor bytes that the model cannot give get into the state."""
    adoption = build("tolerance(1)")
    with adoption.consider(propose(proposed)):
        assert adoption.run(MANIFEST, INPUTS) == floats(1.0)
    (finding,) = adoption.findings
    assert reason in finding.reason


def test_exact_bits_look_at_no_proposal() -> None:
    """The default costs nothing and keeps nothing."""
    adoption = build("exact")
    with adoption.consider(propose(floats(1.5))):
        assert adoption.run(MANIFEST, INPUTS) == floats(1.0)
    assert (adoption.digests, adoption.findings) == ([], [])
