"""Poisson code: a value becomes a rate, a rate an irregular spike train.

    P(spike in dt) = 1 - exp(-rate dt), independently in every step

The time to the next spike is drawn once per spike (inverse of the exponential distribution), so that a source costs
only at its spikes. The rate is exact as rate dt -> 0; at finite dt at most one spike falls into a step, which lowers the mean
rate to (1 - exp(-rate dt)) / dt. The decoded rate of one train is never exact: its relative standard deviation over T is
1 / sqrt(rate T).

Source: Rieke, Warland, de Ruyter van Steveninck & Bialek 1997, "Spikes"; Zhang & Xu 2021, section 2.3.

Not for precise timing: see the temporal codes.
"""

from maichong.ops import log1p
from maichong.spec import Param, source


def interval(u, rate):
    # rate in Hz, the interval in ms; u = 0 gives 0, rate = 0 gives infinity
    return -1000.0 * log1p(-u) / rate


Poisson = source(
    "Poisson",
    params=[Param("rate", 0.0, "Hz", "firing rate", low=0.0)],
    interval=interval,
    doc=__doc__,
)
