"""The firing patterns of Izhikevich's neuron: the twenty of his 2004 figure, and the classes of cells of the 2003 paper.

Each is integrated as the published MATLAB loop does it (``integrator="figure1"``) at the loop's own dt, on which the patterns
depend. Izhikevich 2004, doi:10.1109/TNN.2004.832719, figure1.m; Izhikevich 2003, doi:10.1109/TNN.2003.820440.
"""

from __future__ import annotations

from collections.abc import Callable

from maichong.spec.patterns import Pattern, pulses, step


def _pattern(
    name: str,
    abcd: tuple[float, float, float, float],
    v0: float,
    dt: float,
    duration: float,
    current: Callable[[float], float],
    u0: float | None = None,
    **values: float,
) -> Pattern:
    """A row of the table; u starts at b v0 unless it is given."""
    named = dict(zip("abcd", map(float, abcd), strict=True))
    init = {"v": float(v0), "u": abcd[1] * v0 if u0 is None else u0}
    return Pattern(name, {**named, "integrator": "figure1", **values}, current, dt, duration, init)


def accommodation(t: float) -> float:
    return t / 25 if t < 200 else 0.0 if t < 300 else (t - 300) / 12.5 * 4 if t < 312.5 else 0.0


def variability(t: float) -> float:
    return 1.0 if 10 < t < 15 or 80 < t < 85 else -6.0 if 70 < t < 75 else 0.0


def ramp(t: float) -> float:
    return 0.075 * (t - 30) if t > 30 else 0.0


def slow_ramp(t: float) -> float:
    return -0.5 + (0.015 * (t - 30) if t > 30 else 0.0)


def afterpotential(t: float) -> float:
    return 20.0 if abs(t - 10) < 1 else 0.0


def less_inhibited(t: float) -> float:
    return 80.0 if t < 50 or t > 250 else 75.0


def resonance(t: float) -> float:
    return 10.0 if 60 < t < 65 else -0.5 if t > 10 else -2.0


FIGURE_2004 = (
    _pattern("A tonic spiking", (0.02, 0.2, -65, 6), -70, 0.25, 100, step(10, 14)),
    _pattern("B phasic spiking", (0.02, 0.25, -65, 6), -64, 0.25, 200, step(20, 0.5)),
    _pattern("C tonic bursting", (0.02, 0.2, -50, 2), -70, 0.25, 220, step(22, 15)),
    _pattern("D phasic bursting", (0.02, 0.25, -55, 0.05), -64, 0.2, 200, step(20, 0.6)),
    _pattern("E mixed mode", (0.02, 0.2, -55, 4), -70, 0.25, 160, step(16, 10)),
    _pattern("F spike frequency adaptation", (0.01, 0.2, -65, 8), -70, 0.25, 85, step(8.5, 30)),
    _pattern("G class 1", (0.02, -0.1, -55, 6), -60, 0.25, 300, ramp, k1=4.1, k0=108.0),
    _pattern("H class 2", (0.2, 0.26, -65, 0), -64, 0.25, 300, slow_ramp),
    _pattern("I spike latency", (0.02, 0.2, -65, 6), -70, 0.2, 100, pulses(7.04, (10, 13))),
    _pattern("J subthreshold oscillation", (0.05, 0.26, -60, 0), -62, 0.25, 200, pulses(2, (20, 25))),
    _pattern("K resonator", (0.1, 0.26, -60, -1), -62, 0.25, 400, pulses(0.65, (40, 44), (60, 64), (280, 284), (320, 324))),
    _pattern("L integrator", (0.02, -0.1, -55, 6), -60, 0.25, 100,
             pulses(9, (100 / 11, 100 / 11 + 2), (100 / 11 + 5, 100 / 11 + 7), (70, 72), (80, 82)), k1=4.1, k0=108.0),
    _pattern("M rebound spike", (0.03, 0.25, -60, 4), -64, 0.2, 200, pulses(-15, (20, 25))),
    _pattern("N rebound burst", (0.03, 0.25, -52, 0), -64, 0.2, 200, pulses(-15, (20, 25))),
    _pattern("O threshold variability", (0.03, 0.25, -60, 4), -64, 0.25, 100, variability),
    _pattern("P bistability", (0.1, 0.26, -60, 0), -61, 0.25, 300, pulses(1.24, (37.5, 42.5), (216, 221), base=0.24)),
    _pattern("Q depolarizing after-potential", (1, 0.2, -60, -21), -70, 0.1, 50, afterpotential),
    _pattern("R accommodation", (0.02, 1, -55, 4), -65, 0.5, 400, accommodation, u0=-16.0, v_u=-65.0, u_leak=0.0),
    _pattern("S inhibition-induced spiking", (-0.02, -1, -60, 8), -63.8, 0.5, 350, less_inhibited),
    _pattern("T inhibition-induced bursting", (-0.026, -1, -45, -2), -63.8, 0.5, 350, less_inhibited),
)  # fmt: skip

CLASSES_2003 = (
    _pattern("RS", (0.02, 0.2, -65, 8), -63, 0.25, 130, step(15, 14)),
    _pattern("IB", (0.02, 0.2, -55, 4), -70, 0.25, 150, step(15, 11)),
    _pattern("CH", (0.02, 0.2, -50, 2), -70, 0.25, 150, step(15, 10)),
    _pattern("FS", (0.1, 0.2, -65, 2), -70, 0.25, 145, step(15, 10)),
    _pattern("TC", (0.02, 0.25, -65, 0.05), -63, 0.25, 125, step(30, 1.5)),
    _pattern("TC rebound", (0.02, 0.25, -65, 0.05), -87, 0.25, 100, step(45, 0, base=-25)),
    _pattern("RZ", (0.1, 0.26, -65, 2), -70, 0.25, 100, resonance),
    _pattern("LTS", (0.02, 0.25, -65, 2), -63, 0.25, 250, step(25, 10)),
)
