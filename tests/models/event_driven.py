"""A simulator of LIF neurons with exponential currents and jumps that knows no grid: closed forms between events, SciPy's brentq.

It shares nothing with maichong. A crossing is looked for on a fine scan from event to event, and then solved.
"""

from __future__ import annotations

import heapq

import numpy as np
from scipy.optimize import brentq


class Cell:
    """v above rest, in mV; currents in pA, one for each time constant."""

    def __init__(self, v: float, drive: float, taus: tuple[float, ...], *, tau_m: float, c_m: float, v_th: float, t_ref: float):
        self.v, self.drive, self.taus = v, drive, taus
        self.tau_m, self.c_m, self.v_th, self.t_ref = tau_m, c_m, v_th, t_ref
        self.g = [0.0] * len(taus)
        self.t, self.free = 0.0, 0.0

    def after(self, s: np.ndarray | float) -> np.ndarray | float:
        """v, s ms on from now, where it is not held."""
        s = np.asarray(s, float)
        v = self.v * np.exp(-s / self.tau_m) - self.drive * self.tau_m / self.c_m * np.expm1(-s / self.tau_m)
        for tau, g in zip(self.taus, self.g, strict=True):
            x = 1 / tau - 1 / self.tau_m
            v = v + g / self.c_m * np.exp(-s / self.tau_m) * (-np.expm1(-x * s) / x if x else s)
        return v

    def advance(self, t: float) -> float | None:
        """Go on to t, or to the first spike before it; its time."""
        while self.t < t:
            held = self.t < self.free
            end = min(t, self.free) if held else t
            if not held:
                scan = np.linspace(0.0, end - self.t, max(50, int((end - self.t) / 0.005)))
                above = np.flatnonzero(np.asarray(self.after(scan)) >= self.v_th)
                if above.size:
                    k = above[0]
                    end = self.t + (brentq(lambda s: self.after(s) - self.v_th, scan[k - 1], scan[k], xtol=1e-15) if k else 0.0)
            span = end - self.t
            if not held:
                self.v = float(self.after(span))
            self.g = [g * np.exp(-span / tau) for tau, g in zip(self.taus, self.g, strict=True)]
            self.t = end
            if not held and above.size:
                return self.fire()
        return None

    def fire(self) -> float:
        self.v, self.free = 0.0, self.t + self.t_ref
        return self.t

    def arrive(self, port: int, weight: float) -> float | None:
        """A current of time constant ``port``, or, for -1, a jump; the time of the spike that it causes."""
        if port >= 0:
            self.g[port] += weight
        elif self.t >= self.free:
            self.v += weight
            if self.v >= self.v_th:
                return self.fire()
        return None


def simulate(
    cells: list[Cell],
    synapses: dict[int, list[tuple[int, int, float, float]]],
    given: list[tuple[float, int]],
    end: float,
) -> list[tuple[float, int]]:
    """Spikes (time, cell) up to ``end`` ms; ``synapses[source]`` are (cell, port, weight, delay), ``given`` are (time, source).

    Cells come first in the numbering of sources.
    """
    queue: list[tuple[float, int, int, float]] = []
    spikes: list[tuple[float, int]] = []

    def send(t: float, source: int) -> None:
        for cell, port, weight, delay in synapses.get(source, []):
            heapq.heappush(queue, (t + delay, cell, port, weight))

    for t, source in given:
        send(t, source)
    while True:
        # no spike can act before the shortest delay is over: cells are taken on to the next arrival, one by one
        t = min(queue[0][0] if queue else end, end)
        found = []
        for j, cell in enumerate(cells):
            ahead = _copy(cell)
            fired = ahead.advance(t)
            if fired is not None:
                found.append((fired, j))
        if found:
            fired, j = min(found)
            cells[j].advance(t)
            spikes.append((fired, j))
            send(fired, j)
            continue
        for cell in cells:
            cell.advance(t)
        if t >= end:
            return spikes
        _, j, port, weight = heapq.heappop(queue)
        if cells[j].arrive(port, weight) is not None:
            spikes.append((t, j))
            send(t, j)


def _copy(cell: Cell) -> Cell:
    other = Cell.__new__(Cell)
    other.__dict__ = {**cell.__dict__, "g": list(cell.g)}
    return other
