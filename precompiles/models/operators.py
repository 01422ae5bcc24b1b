"""The table of operators: what each one of the admitted opsets may be used for, and why.

| best use | a use that meets `exact`     | any other use                                        |
|----------|------------------------------|------------------------------------------------------|
| exact    | same bits on every host      | `pinned`, or refused where it could stop the process |
| pinned   |                              | safe; equal bits under an equal engine fingerprint   |
|          |                              | `portable` where `table/portable` has a formula      |
| refused  |                              | refused                                              |
"""

from difflib import get_close_matches

from precompiles.errors import NotAdmitted
from precompiles.models.limits import MAX_OPSET, MIN_OPSET
from precompiles.models.table.arithmetic import ARITHMETIC, PRODUCTS
from precompiles.models.table.floating import FLOATING
from precompiles.models.table.movement import INDEXED, MOVEMENT
from precompiles.models.table.operator import Operator
from precompiles.models.table.refused import REFUSED

OPERATORS: tuple[Operator, ...] = tuple(
    sorted(
        (*MOVEMENT, *INDEXED, *ARITHMETIC, *PRODUCTS, *FLOATING, *REFUSED),
        key=lambda row: (row.domain, row.name),
    )
)
_BY_NAME = {(row.domain, row.name): row for row in OPERATORS}


def find_operator(domain: str, name: str) -> Operator:
    """The row of an operator.

    Raises: NotAdmitted for a name that stands in no row.
    """
    row = _BY_NAME.get((domain, name))
    if row is None:
        where = f"{domain}.{name}" if domain else name
        known = [row.name for row in OPERATORS if row.best is not None]
        near = get_close_matches(name, known)
        hint = f"did you mean {' or '.join(near)}?" if near else "export with standard operators"
        raise NotAdmitted(
            f"operator {where} is not in opset {MIN_OPSET} to {MAX_OPSET} of ONNX; {hint}"
        )
    return row
