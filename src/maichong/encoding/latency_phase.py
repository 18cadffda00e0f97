"""Latency-phase code: a latency is put off to the next peak of an oscillation, which each neuron sees at a phase of its own.

    A cos(omega t + phase + i shift),  omega = 2 pi / period:      t_i  ->  the first peak at or after t_i

i counts the neurons along the last axis. Spikes of one neuron lie on a grid of its own, a period wide; within a phase their order
is kept. What latencies decode to is taken half a period before the peak, in the middle of where it came from.

Source: Nadasdy 2009, doi:10.3389/neuro.06.006.2009; Hu, Tang, Tan, Li & Shi 2013, doi:10.1162/NECO_a_00395; the survey's "extra
phase alignment" (Zhang & Xu 2021, section 2.3).

Not where latencies must be finer than the period: it is the resolution.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from maichong.encoding.burst_code import BurstCode
from maichong.encoding.code import Code, steps_of
from maichong.encoding.fields import number, other
from maichong.encoding.linear_latency import LinearLatency
from maichong.encoding.trains import SpikeTrains
from maichong.errors import ParameterError, brief


@dataclass(frozen=True)
class LatencyPhase(Code):
    """The spikes of a ``latency`` code, each at the next peak of its neuron's oscillation.

    >>> LatencyPhase(period=10.0, shift=0.0).encode([0.25, 0.5, 0.51]).first().tolist()
    [80.0, 50.0, 50.0]
    """

    latency: Any = field(default=LinearLatency(), metadata=other("code that gives the latencies, such as LogLatency()"))
    period: float = number(10.0, "ms", "period of the oscillation", above=0.0)
    phase: float = number(0.0, "", "phase of neuron 0, in rad")
    shift: float = number(math.pi / 4, "", "how much further the phase of each next neuron is, in rad")

    def check(self) -> None:
        single = isinstance(self.latency, Code) and not isinstance(self.latency, BurstCode) and self.latency.reads == "values"
        if not single or not hasattr(self.latency, "t_max"):
            raise ParameterError(
                "LatencyPhase.latency", "must be a code of latencies, such as LinearLatency()", brief(self.latency)
            )

    def encode(self, values: Any) -> SpikeTrains:
        found = self.latency.encode(self.taken(values, -np.inf, np.inf))
        neuron = found.ids % (found.shape[-1] if found.shape else 1)
        first = -(self.phase + neuron * self.shift) / (2.0 * math.pi)  # of the peaks, in periods
        # a latency that is a peak but for the rounding of a double is one
        times = (np.ceil(found.times / self.period - first - 1e-9) + first) * self.period
        steps = steps_of(type(self).__name__, (found.steps - 1) * found.dt + self.period, found.dt)
        return SpikeTrains(np.maximum(times, 0.0), found.ids, found.shape, steps, found.dt)

    def decode(self, trains: SpikeTrains) -> np.ndarray:
        found = self.given(trains)
        earlier = np.clip(found.times - 0.5 * self.period, 0.0, self.latency.t_max)
        return self.latency.decode(replace(found, times=earlier))
