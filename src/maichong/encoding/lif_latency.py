"""Time to first spike of a leaky integrator: a value is a constant current, its latency the time to the threshold.

    tau dv/dt = -v + x,  v(0) = 0:      t = tau ln(x / (x - theta))

Values up to theta never reach it and stay silent; so does what would spike after t_max. Silence decodes to the middle of what is
silent.

Source: Gerstner & Kistler 2002, "Spiking Neuron Models", section 4.1; Zhang & Xu 2021, section 2.3.

Not where small values matter: below theta there is nothing, and a little above it latencies are long. Where the neuron is another
one see NeuronDynamics.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from maichong.encoding.code import Code, steps_of
from maichong.encoding.fields import number
from maichong.encoding.trains import SpikeTrains


@dataclass(frozen=True)
class LIFLatency(Code):
    """One spike for each value in 0..1 that is above ``theta``.

    >>> LIFLatency(tau=20.0, theta=0.2).encode([0.1, 0.3, 1.0]).first().round(6).tolist()
    [inf, 21.972246, 4.462871]
    """

    tau: float = number(20.0, "ms", "membrane time constant", above=0.0)
    theta: float = number(0.2, "", "threshold, as a value", above=0.0)
    t_max: float = number(100.0, "ms", "what would spike later stays silent", above=0.0)
    dt: float = number(1.0, "ms", "step of the dense form", above=0.0)

    def encode(self, values: Any) -> SpikeTrains:
        x = self.taken(values)
        above = x > self.theta
        with np.errstate(divide="ignore"):
            times = np.where(above, -self.tau * np.log1p(-self.theta / np.where(above, x, 1.0 + self.theta)), np.inf)
        times[times > self.t_max] = np.inf
        return SpikeTrains.of_latencies(times, steps_of(type(self).__name__, self.t_max, self.dt), self.dt)

    def decode(self, trains: SpikeTrains) -> np.ndarray:
        first = self.given(trains).first()
        with np.errstate(divide="ignore"):
            x = self.theta / -np.expm1(-first / self.tau)
        # the largest of the silent values would have spiked at t_max
        silent = 0.5 * min(1.0, self.theta / -np.expm1(-self.t_max / self.tau))
        return np.where(np.isfinite(first), np.minimum(x, 1.0), silent)
