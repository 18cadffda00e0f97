"""Clopath's voltage rule: what is learned at a synapse hangs on the potential of its target, and on the target's spikes through it.

    pre:         w <- w - A [u_minus - theta_minus]_+;      A = a_ltd (1 - h + h (u_bar - u_rest)^2 / u_ref2)
    every step:  w <- w + dt a_ltp (x / tau_x) [v - theta_plus]_+ [u_plus - theta_minus]_+

x is the trace of the source's spikes, v the potential of the target; u_minus, u_plus and u_bar are averages of that potential,
which the target keeps. u_minus and u_plus are read as they were ``delay`` ago, so that a spike does not see itself: the delay is
not in the paper's equations, but in the authors' code. h is the homeostasis: with 1 a target that is depolarised on average
depresses its synapses more, with 0 depression is the same for all.

Source: Clopath, Busing, Vasilaki & Gerstner 2010, doi:10.1038/nn.2479; the delay from the authors' code on ModelDB, 144566.

Not for neurons whose spikes have no width, on which potentiation has nothing to act: see ClopathAdEx. Where the times of spikes
are all that matters PairSTDP and TripletSTDP cost a visit of a synapse at its spikes, this rule one in every step.
"""

from maichong.ops import maximum
from maichong.spec import Param, Read, Trace, rule


def on_pre(w, u_minus, u_bar, a_ltd, theta_minus, h, u_rest, u_ref2):
    amplitude = a_ltd * (1.0 - h + h * (u_bar - u_rest) * (u_bar - u_rest) / u_ref2)
    return w - amplitude * maximum(u_minus - theta_minus, 0.0 * theta_minus)


def on_step(w, x, v, u_plus, dt, a_ltp, tau_x, theta_plus, theta_minus):
    above, before = maximum(v - theta_plus, 0.0 * theta_plus), maximum(u_plus - theta_minus, 0.0 * theta_minus)
    return w + dt * a_ltp * (x / tau_x) * above * before


ClopathSTDP = rule(
    "ClopathSTDP",
    scope="synapse",
    params=[
        Param("a_ltd", 14e-5, "1/mV", "depression per presynaptic spike, in the weight's own unit", low=0),
        Param("a_ltp", 8e-5, "1/mV**2", "potentiation by a presynaptic spike, in the weight's own unit", low=0),
        Param("theta_minus", -70.6, "mV", "averaged potential above which either happens"),
        Param("theta_plus", -45.3, "mV", "potential above which synapses potentiate"),
        Param("tau_x", 15.0, "ms", "presynaptic trace", above=0),
        Param("delay", 4.0, "ms", "how long ago the averages were what is read", low=0),
        Param("h", 0.0, "", "homeostasis: by how much of it depression follows the target's average", low=0, high=1),
        Param("u_rest", -70.6, "mV", "what that average is measured from"),
        Param("u_ref2", 60.0, "mV**2", "square of the average at which depression is a_ltd", above=0),
    ],
    traces=[Trace("x", on="pre", tau="tau_x", meaning="recent presynaptic spikes")],
    reads=[
        Read("u_minus", "mV", "the potential of late", delay="delay"),
        Read("u_plus", "mV", "the potential of the last moment", delay="delay"),
        Read("u_bar", "mV", "the potential on average"),
    ],
    on_pre=on_pre,
    on_step=on_step,
    bounds=(0.0, 100.0),
    doc=__doc__,
)
