"""Transfer: the interval of an operator's first result from those of its operands, before wrapping.

Nothing for a float result that may be NaN or infinite. Operators without a rule give what their
element type gives.
"""

from collections.abc import Mapping

from precompiles.models.ranges.arithmetic import ARITHMETIC
from precompiles.models.ranges.choice import CHOICES
from precompiles.models.ranges.facts import Transfer

TRANSFERS: Mapping[str, Transfer] = {**ARITHMETIC, **CHOICES}
