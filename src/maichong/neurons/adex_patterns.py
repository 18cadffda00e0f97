"""The eight firing patterns of the adaptive exponential neuron, each the answer to a step of current from rest at t = 0.

Naud, Marcille, Clopath & Gerstner 2008, doi:10.1007/s00422-008-0264-7, with the values as adapted in Brian2's example.
"""

from __future__ import annotations

from maichong.spec.patterns import Pattern

DT, DURATION = 0.02, 500.0  # ms; at 0.05 ms one pattern has a spike more


def _pattern(
    name: str, membrane: tuple[float, float, float], adaptation: tuple[float, float, float, float], current: float
) -> Pattern:
    """A row of the table: c_m, g_leak and e_leak; a, tau_w, b and v_r; and the height of the step."""
    names = ("c_m", "g_leak", "e_leak", "a", "tau_w", "b", "v_r")
    values = dict(zip(names, map(float, (*membrane, *adaptation)), strict=True))
    return Pattern(name, {**values, "v_t": -50.0}, lambda t: float(current), DT, DURATION)


FIGURE_2008 = (
    _pattern("tonic", (200, 10, -70), (2, 30, 0, -58), 500),
    _pattern("adapting", (200, 12, -70), (2, 300, 60, -58), 500),
    _pattern("initial burst", (130, 18, -58), (4, 150, 120, -50), 400),
    _pattern("regular bursting", (200, 10, -58), (2, 120, 100, -46), 210),
    _pattern("delayed accelerating", (200, 12, -70), (-10, 300, 0, -58), 300),
    _pattern("delayed regular bursting", (100, 10, -65), (-10, 90, 30, -47), 110),
    _pattern("transient", (100, 10, -65), (10, 90, 100, -47), 180),
    _pattern("irregular", (100, 12, -60), (-11, 130, 30, -48), 160),
)
