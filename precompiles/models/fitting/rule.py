"""Fitting rules by operator; an operator without one is held by shape inference alone."""

from collections.abc import Mapping

from precompiles.models.fitting.creation import CREATIONS
from precompiles.models.fitting.elements import ELEMENTS
from precompiles.models.fitting.operands import Fit
from precompiles.models.fitting.places import PLACES
from precompiles.models.fitting.sequence import SEQUENCES
from precompiles.models.fitting.trees import TREES
from precompiles.models.fitting.window import WINDOWS

FITS: Mapping[str, Fit] = {**CREATIONS, **ELEMENTS, **PLACES, **SEQUENCES, **TREES, **WINDOWS}
