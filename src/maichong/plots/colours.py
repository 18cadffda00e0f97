"""One colour per meaning, the same in every drawing.

Each is told apart by the colour-blind and keeps a contrast of 3:1 on white and on a dark page. Colour maps
run from nearly transparent (zero is paper) to the full colour: the colour says the sign, its strength the
size.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import ParameterError, did_you_mean

if TYPE_CHECKING:
    from matplotlib.colors import LinearSegmentedColormap

EXCITATION = "#cf4a2e"
INHIBITION = "#2f74c0"
INPUT = "#7d8590"
ACCENT = "#0f8a7e"  # what is neither excitation nor inhibition: accuracies, counts, thresholds
REFERENCE = "#7d8590"  # what somebody else measured
INK = "#22272e"  # text and axes; a report turns it into the page's own text colour

KINDS = {"excitatory": EXCITATION, "inhibitory": INHIBITION, "input": INPUT, "other": ACCENT}

_ZERO = 0.06  # opacity of zero: enough to show where a field ends


def colour_of(where: str, kind: str) -> str:
    """Return the colour of a kind of neuron; raises ParameterError for one that is not in ``KINDS``."""
    if not isinstance(kind, str):
        raise ParameterError(where, f"must be one of {', '.join(KINDS)}", type(kind).__name__)
    if kind not in KINDS:
        fix = did_you_mean(kind, KINDS)
        raise ParameterError(where, f"must be one of {', '.join(KINDS)}", repr(kind), fix)
    return KINDS[kind]


def ramp(colour: str) -> LinearSegmentedColormap:
    """Colour map from zero (paper) to ``colour``; NaN is transparent."""
    return _colormap([(colour, _ZERO), (colour, 1.0)])


def signed() -> LinearSegmentedColormap:
    """Colour map from inhibition over zero (paper) to excitation; NaN is transparent."""
    return _colormap([(INHIBITION, 1.0), (INHIBITION, _ZERO), (EXCITATION, _ZERO), (EXCITATION, 1.0)])


def _colormap(stops: list[tuple[str, float]]) -> LinearSegmentedColormap:
    from matplotlib.colors import LinearSegmentedColormap, to_rgba

    colours = [to_rgba(colour, opacity) for colour, opacity in stops]
    if len(colours) == 4:  # the two middle colours share the place of zero
        nodes = [(0.0, colours[0]), (0.5, colours[1]), (0.5, colours[2]), (1.0, colours[3])]
    else:
        nodes = [(0.0, colours[0]), (1.0, colours[1])]
    return LinearSegmentedColormap.from_list("maichong", nodes)
