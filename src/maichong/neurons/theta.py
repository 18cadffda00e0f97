"""Theta neuron: the quadratic integrate-and-fire neuron as a phase on a circle, which spikes where it passes pi.

    tau dtheta/dt = 1 - cos(theta) + (1 + cos(theta)) i / i_1;      theta >= pi: spike, theta <- theta - 2 pi

With x = tan(theta / 2) this is tau dx/dt = x^2 + i / i_1, from minus to plus infinity: what takes QIF an infinite slope is here a
passage at the speed 2 / tau. i > 0 fires with the period pi tau / sqrt(i / i_1); i < 0 rests at theta = -2 arctan(sqrt(-i / i_1)).
A spike keeps what theta is beyond pi, so that the grid costs the rate nothing.

Source: Ermentrout & Kopell 1986, doi:10.1137/0146017.

Not with conductances or with pulses that move a potential: its membrane is an angle, so i alone comes in. For mV see QIF.
"""

from math import pi

from maichong.ops import cos
from maichong.spec import Input, Param, State, neuron

PI, TURN = pi, 2.0 * pi


def flow(theta, i, tau, i_1):
    x = cos(theta)
    return (1.0 - x + (1.0 + x) * i / i_1) / tau


def fires(theta):
    return theta - PI


def reset(theta):
    return theta - TURN


Theta = neuron(
    "Theta",
    params=[
        Param("tau", 1.0, "ms", "time constant", above=0),
        Param("i_1", 1.0, "pA", "current that counts as 1", above=0),
        Param("theta_0", 0.0, "", "phase at the start"),
    ],
    states=[State("theta", "theta_0", "", "phase: -pi after a spike, pi at the next", membrane=True)],
    inputs=[Input("i", "pA", "synaptic and injected current")],
    flow=flow,
    fires=fires,
    reset=reset,
    doc=__doc__,
)
