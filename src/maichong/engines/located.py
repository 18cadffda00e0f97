"""The integrator "ode": adaptive steps between spikes, each spike located at its exact instant. For reference runs.

DOP853 (SciPy) carries one neuron at a time through a step of the grid; at a threshold crossing it stops, resets and goes on.
The dynamics know no grid, so two runs at different dt agree; only the stamp of a spike is the end of its step, like all stamps.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from maichong.engines.system import System, evaluate

RTOL, ATOL = 1e-10, 1e-12


def located_step(
    system: System, env: Mapping[str, Any], held: np.ndarray, dt: float, learning: bool
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """All states after ``dt`` ms, resets included, and who fired, bool [n]."""
    n = held.size
    after = {name: np.array(env[name], np.float64) for name in system.states}
    fired = np.zeros(n, bool)
    for j in range(n):
        mine = {name: np.broadcast_to(env[name], (n,))[j] for name in system.symbols()}
        states, fired[j] = _one(system, mine, bool(held[j]), dt, learning)
        for name, value in zip(system.states, states, strict=True):
            after[name][j] = value
    return after, fired


def _one(system: System, mine: Mapping[str, float], held: bool, dt: float, learning: bool) -> tuple[np.ndarray, bool]:
    from scipy.integrate import solve_ivp

    names = system.states
    frozen = set() if learning else set(system.learned)

    def known(y: np.ndarray) -> dict[str, Any]:
        return {**mine, **dict(zip(names, y, strict=True))}

    def slope(t: float, y: np.ndarray) -> np.ndarray:
        scratch = known(y)
        evaluate(system.derivative, scratch)
        still = frozen | ({system.membrane} if held else set())
        return np.array([0.0 if name in still else float(scratch[f"d_{name}"]) for name in names])

    def excess(t: float, y: np.ndarray) -> float:
        scratch = known(y)
        evaluate(system.fires, scratch)
        return float(scratch["excess"])

    excess.terminal, excess.direction = True, 1.0  # type: ignore[attr-defined]
    y, t, spiked = np.array([mine[name] for name in names], float), 0.0, False
    while t < dt:
        events = None if held else excess
        solution = solve_ivp(slope, (t, dt), y, "DOP853", events=events, rtol=RTOL, atol=ATOL)
        y, t = solution.y[:, -1], float(solution.t[-1])
        if solution.status != 1:
            break
        spiked = True
        scratch = {**known(y), "excess": 0.0}
        evaluate(system.reset, scratch)
        y = np.array(
            [float(scratch.get(f"reset_{name}", scratch[name])) if name not in frozen else scratch[name] for name in names]
        )
    return y, spiked
