"""Simplified STDP of memristive synapses: at a postsynaptic spike every synapse gets one pulse, up or down.

    post:  w <- w + a_plus  exp(-b_plus  (w - w_min) / (w_max - w_min))   if the last presynaptic spike came at most t_ltp ago
           w <- w - a_minus exp(-b_minus (w_max - w) / (w_max - w_min))   otherwise

A device is told one bit, not a time. It moves the less the nearer it is to the bound that it moves to, so weights settle inside
their bounds, where the chances of the two pulses balance: with b = b_plus = b_minus and p the chance that an input was active,
at (w - w_min) / (w_max - w_min) = 1/2 + log(p a_plus / ((1 - p) a_minus)) / (2 b).

Source: Querlioz, Bichler, Dollfus & Gamrat 2013, IEEE Transactions on Nanotechnology 12:288, doi:10.1109/TNANO.2013.2250995.

Not where depression should need a spike of the input: inputs that are silent lose most here.
"""

from maichong.ops import exp, where
from maichong.spec import NEAREST, Param, Trace, rule

OLDEST = 0.36787576
"""What is left of the trace t_ltp after its spike, exp(-1), less 1e-5 of it: a spike just so old counts, however it is rounded."""


def on_post(w, x, a_plus, a_minus, b_plus, b_minus, w_min, w_max):
    above = (w - w_min) / (w_max - w_min)
    return where(x >= OLDEST, w + a_plus * exp(-b_plus * above), w - a_minus * exp(-b_minus * (1.0 - above)))


QuerliozSTDP = rule(
    "QuerliozSTDP",
    scope="synapse",
    params=[
        Param("a_plus", 0.01, "", "rise of a weight at w_min"),
        Param("a_minus", 0.005, "", "fall of a weight at w_max"),
        Param("b_plus", 3.0, "", "how much less a weight rises at w_max", low=0),
        Param("b_minus", 3.0, "", "how much less a weight falls at w_min", low=0),
        Param("t_ltp", 25.0, "ms", "age of the last presynaptic spike up to which a weight rises", above=0),
    ],
    traces=[Trace("x", on="pre", tau="t_ltp", pairing=NEAREST, meaning="time since the last presynaptic spike")],
    on_post=on_post,
    bounds=(1e-4, 1.0),
    doc=__doc__,
)
