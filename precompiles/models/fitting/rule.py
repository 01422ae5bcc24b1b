"""Fitting rules by operator, before its results are inferred and after.

An operator without a rule is held by shape inference alone.
"""

from collections.abc import Mapping

from precompiles.models.fitting.creation import CREATIONS
from precompiles.models.fitting.elements import ELEMENTS
from precompiles.models.fitting.operands import Fit
from precompiles.models.fitting.places import PLACE_RESULTS, PLACES
from precompiles.models.fitting.sequence import SEQUENCES
from precompiles.models.fitting.trees import TREES
from precompiles.models.fitting.window import WINDOW_RESULTS, WINDOWS

FITS: Mapping[str, Fit] = {**CREATIONS, **ELEMENTS, **PLACES, **SEQUENCES, **TREES, **WINDOWS}
RESULT_FITS: Mapping[str, Fit] = {**PLACE_RESULTS, **WINDOW_RESULTS}
