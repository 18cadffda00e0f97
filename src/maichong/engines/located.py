"""The integrator "ode": adaptive steps between spikes, each spike located at its exact instant. For reference runs.

DOP853 (SciPy) carries one neuron at a time through a step of the grid; at a threshold crossing it stops, resets and goes on.
The dynamics know no grid, so two runs at different dt agree; only the stamp of a spike is the end of its step, like all stamps.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from maichong.engines.system import System, evaluate
from maichong.errors import EngineError

RTOL, ATOL = 1e-10, 1e-12


def located_step(
    system: System, env: Mapping[str, Any], wait: np.ndarray, pause: np.ndarray, dt: float, learning: bool
) -> tuple[dict[str, np.ndarray], np.ndarray, np.ndarray]:
    """All states after ``dt`` ms, resets included, who fired, bool [n], and how long each still is refractory, ms [n].

    ``wait`` is that time at the start and ``pause`` the whole refractory period. Raises EngineError where a neuron
    fires twice within the step: the grid has one stamp for a step.
    """
    after = {name: np.array(env[name], np.float64) for name in system.states}
    fired, left = np.zeros(wait.size, bool), np.zeros(wait.size)
    for j in range(wait.size):
        mine = {name: np.broadcast_to(env[name], wait.shape)[j] for name in system.symbols()}
        states, fired[j], left[j] = _one(system, mine, float(wait[j]), float(pause[j]), dt, learning)
        for name, value in zip(system.states, states, strict=True):
            after[name][j] = value
    return after, fired, left


def _one(
    system: System, mine: Mapping[str, float], wait: float, pause: float, dt: float, learning: bool
) -> tuple[np.ndarray, bool, float]:
    from scipy.integrate import solve_ivp

    names = system.states
    frozen = set() if learning else set(system.learned)

    def known(y: np.ndarray) -> dict[str, Any]:
        return {**mine, **dict(zip(names, y, strict=True))}

    def slope(t: float, y: np.ndarray, held: bool) -> np.ndarray:
        scratch = known(y)
        evaluate(system.derivative, scratch)
        still = frozen | ({system.membrane} if held and system.holds else set())
        return np.array([0.0 if name in still else float(scratch[f"d_{name}"]) for name in names])

    def excess(t: float, y: np.ndarray, held: bool) -> float:
        scratch = known(y)
        evaluate(system.fires, scratch)
        return float(scratch["excess"])

    def recovered(y: np.ndarray) -> np.ndarray:
        """The states when the refractory period is over."""
        scratch = known(y)
        evaluate(system.recover, scratch)
        return np.array([float(scratch.get(f"recovered_{name}", scratch[name])) for name in names])

    excess.terminal, excess.direction = True, 1.0  # type: ignore[attr-defined]
    y, t, free_at, spiked, watch = np.array([mine[name] for name in names], float), 0.0, wait, False, True
    while t < dt:
        held = t < free_at
        crossed = watch and not held and excess(t, y, held) >= 0.0  # a jump or the start put it above
        if not crossed:
            end = min(dt, free_at) if held else dt
            events = excess if watch and not held else None
            solution = solve_ivp(slope, (t, end), y, "DOP853", events=events, rtol=RTOL, atol=ATOL, args=(held,))
            y, t = solution.y[:, -1], float(solution.t[-1])
            crossed = solution.status == 1
            if held and t >= free_at:
                y = recovered(y)
        if crossed and spiked:
            raise EngineError(
                "the integrator 'ode'", f"a neuron fires twice within one step of {dt:g} ms", fix="use a smaller dt"
            )
        if crossed:
            spiked, free_at = True, t + pause
            scratch = {**known(y), "excess": 0.0}
            evaluate(system.reset, scratch)
            y = np.array([float(scratch[n] if n in frozen else scratch.get(f"reset_{n}", scratch[n])) for n in names])
            y = y if pause > 0.0 else recovered(y)
            # without a reset the neuron stays above: it has fired once, and is not watched until the step ends
            watch = pause > 0.0 or excess(t, y, False) < 0.0
    if system.crossing and excess(t, y, False) >= 0.0:
        free_at = max(free_at, 2.0 * dt)  # not before it has been below
    return y, spiked, max(free_at - dt, 0.0)
