"""Synaptic scaling: all weights onto a neuron grow or shrink by the same factor, until it fires at its target rate.

    dw/dt = beta w (1 / interval - r);      tau dr/dt = -r,  r <- r + 1 / tau at postsynaptic spikes

r is the neuron's mean rate, 1 / interval the rate that it seeks. What multiplies a weight does not depend on the synapse, so
that ratios of weights, and what they have learned, stay. Where r = k w the course is logistic and ends at w = 1 / (k interval).
Between spikes both equations have closed forms, so a synapse costs only when something happens to it.

Source: Turrigiano, Leslie, Desai, Rutherford & Nelson 1998, doi:10.1038/36103; van Rossum, Bi & Turrigiano 2000,
doi:10.1523/JNEUROSCI.20-23-08812.2000.

Not with a beta / interval near 1 / tau or above: weights would swing around their goal.
"""

from maichong.ops import exp
from maichong.spec import Param, State, rule


def on_post(w, r, tau):
    return w, r + 1.0 / tau


def elapse(w, r, lag, beta, interval, tau):
    spikes = r * tau * (1.0 - exp(-lag / tau))
    return w * exp(beta * (lag / interval - spikes)), r * exp(-lag / tau)


SynapticScaling = rule(
    "SynapticScaling",
    scope="synapse",
    params=[
        Param("beta", 0.01, "", "relative growth for each spike that is missing", low=0),
        Param("interval", 200.0, "ms", "mean time between two spikes at which weights rest", above=0),
        Param("tau", 1000.0, "ms", "time constant of the mean rate", above=0),
    ],
    states=[State("r", 0.0, "1/ms", "mean rate of the target")],
    on_post=on_post,
    elapse=elapse,
    bounds=(0.0, None),
    doc=__doc__,
)
