"""Kinds: element types of operands and results, held to the signature and to the table."""

from collections.abc import Sequence

from precompiles.errors import NotAdmitted
from precompiles.models.reading.signature import get_formal
from precompiles.models.reading.structure import Use
from precompiles.tensor import DType, TensorType

Tensors = Sequence[TensorType | None]


def check_operands(use: Use, operands: Tensors) -> None:
    """Each operand has a type that its place takes.

    Raises: NotAdmitted naming the operand.
    """
    for index, operand in enumerate(operands):
        if operand is None:
            continue
        if _SPELLING[operand.dtype] not in get_formal(use.signature.operands, index).types:
            raise NotAdmitted(f"{use.where} does not take {operand}; cast it")


def check_choice(use: Use, operands: Tensors, results: Tensors) -> None:
    """Types that share a parameter are equal, and the runtime has a kernel for all together.

    Raises: NotAdmitted naming the tensor or the types.
    """
    bound: dict[str, DType] = {}
    for formals, tensors in (
        (use.signature.operands, operands),
        (use.signature.results, results),
    ):
        for index, tensor in enumerate(tensors):
            if tensor is None:
                continue
            formal = get_formal(formals, index)
            if _SPELLING[tensor.dtype] not in formal.types:
                raise NotAdmitted(f"{use.where} does not give {tensor}; cast its operands")
            first = bound.setdefault(formal.parameter, tensor.dtype)
            if formal.is_homogeneous and first is not tensor.dtype:
                raise NotAdmitted(
                    f"{use.where} mixes {first.name.lower()} and {tensor}; cast one of them"
                )
    kinds = tuple(_pick(slot, operands, results) for slot in use.row.slots)
    if use.row.types and kinds not in use.row.choices:
        given = ", ".join("none" if kind is None else kind.name.lower() for kind in kinds)
        raise NotAdmitted(
            f"{use.where} on {given}: not every supported runtime has a kernel for it; "
            f"cast to one of {use.row.types}"
        )


def _pick(slot: str, operands: Tensors, results: Tensors) -> DType | None:
    tensors, index = (operands if slot[0] == "i" else results), int(slot[1:])
    tensor = tensors[index] if index < len(tensors) else None
    return None if tensor is None else tensor.dtype


_SPELLING = {dtype: f"tensor({dtype.name.lower()})" for dtype in DType} | {
    DType.FLOAT32: "tensor(float)",
    DType.FLOAT64: "tensor(double)",
}
