"""Spike-driven synaptic plasticity: a bistable synapse that the target's potential and calcium move at presynaptic spikes.

    pre:  X <- X + a  if v > v_theta and c_up_low < j_c c < c_up_high
          X <- X - b  if v <= v_theta and c_down_low < j_c c < c_down_high
    between spikes:  dX/dt = alpha  if X > x_theta,  -beta  else;      0 <= X <= 1
    w = w_high  if X > x_theta,  w_low  else;      tau_c dc/dt = -c (jumps by 1 at postsynaptic spikes)

The calcium j_c c counts the target's recent spikes: where it fires too much or too little already, learning stops. Without spikes X
drifts to the nearer end, so that what was learned stays.

Source: Brader, Senn & Fusi 2007, doi:10.1162/neco.2007.19.11.2881.

Not for graded weights: see PairSTDP.
"""

from maichong.ops import maximum, minimum, where
from maichong.spec import Param, State, Trace, rule


def efficacy(X, x_theta, w_low, w_high):
    return where(x_theta < X, w_high, w_low)


def on_pre(w, X, v, c, a, b, x_theta, v_theta, j_c, c_up_low, c_up_high, c_down_low, c_down_high, w_low, w_high):
    calcium = j_c * c
    up = (v > v_theta) & (calcium > c_up_low) & (calcium < c_up_high)
    down = (v <= v_theta) & (calcium > c_down_low) & (calcium < c_down_high)
    moved = minimum(maximum(where(up, X + a, where(down, X - b, X)), 0.0), 1.0)
    return efficacy(moved, x_theta, w_low, w_high), moved


def elapse(w, X, lag, alpha, beta, x_theta, w_low, w_high):
    drifted = where(x_theta < X, minimum(X + alpha * lag, 1.0), maximum(X - beta * lag, 0.0))
    return efficacy(drifted, x_theta, w_low, w_high), drifted


def start(w, w_low, w_high):
    # a synapse in the middle between its efficacies is undecided
    return minimum(maximum((w - w_low) / (w_high - w_low), 0.0), 1.0)


SDSP = rule(
    "SDSP",
    scope="synapse",
    params=[
        Param("a", 0.1, "", "step up"),
        Param("b", 0.1, "", "step down"),
        Param("alpha", 0.0035, "1/ms", "drift up", low=0),
        Param("beta", 0.0035, "1/ms", "drift down", low=0),
        Param("x_theta", 0.5, "", "where the drift turns, and the efficacy changes"),
        Param("v_theta", -54.0, "mV", "potential of the target above which a spike moves X up"),
        Param("tau_c", 60.0, "ms", "time constant of the calcium", above=0),
        Param("j_c", 1.0, "", "calcium of one postsynaptic spike"),
        Param("c_up_low", 3.0, "", "calcium above which X may go up"),
        Param("c_up_high", 13.0, "", "calcium below which X may go up"),
        Param("c_down_low", 3.0, "", "calcium above which X may go down"),
        Param("c_down_high", 4.0, "", "calcium below which X may go down"),
        Param("w_low", 0.0, "", "efficacy of a depressed synapse, in the weight's own unit"),
        Param("w_high", 1.0, "", "efficacy of a potentiated synapse, in the weight's own unit"),
    ],
    traces=[Trace("c", on="post", tau="tau_c", meaning="the target's recent spikes")],
    states=[State("X", start, "", "internal variable of the synapse, 0 to 1")],
    on_pre=on_pre,
    elapse=elapse,
    bounds=(0.0, None),
    doc=__doc__,
)
