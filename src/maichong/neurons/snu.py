"""Spiking neural unit: a leaky integrate-and-fire neuron written as a recurrent unit of deep learning.

    tau ds/dt = g(d s + (tau / c_m) i) - s;      s >= b: spike, s <- 0;      g(x) = x above 0, slope x below

One step of Euler (``integrator="euler"``) at dt = tau is the unit of the paper, with c_m = tau so that i is what arrives:

    s[t] = g(W x[t] + d s[t-1] (1 - y[t-1]));      y[t] = 1 if s[t] >= b else 0

g keeps the potential from falling where nothing brings it back; slope = 0 is the paper's rectifier, 0.1 that of its authors'
toolkit. With g the identity (slope = 1) it is a LIF whose time constant is tau / (1 - d).

Source: Wozniak, Pantazi, Bohnstingl & Eleftheriou 2020, doi:10.1038/s42256-020-0187-0.

Not for biophysics, nor for other dt than tau where the paper's unit is meant; its soft variant has no spikes and is no neuron.
"""

from maichong.ops import where
from maichong.spec import Input, Param, State, neuron


def flow(s, i, d, tau, c_m, slope):
    x = d * s + (tau / c_m) * i
    return (where(x > 0, x, slope * x) - s) / tau


def fires(s, b):
    return s - b


def reset():
    return 0.0


SNU = neuron(
    "SNU",
    params=[
        Param("d", 0.8, "", "what a step leaves of the state", low=0),
        Param("b", 1.0, "mV", "threshold"),
        Param("tau", 1.0, "ms", "time constant: the step of the paper", above=0),
        Param("c_m", 1.0, "pF", "capacitance: i raises the state by tau / c_m in a step", above=0),
        Param("slope", 0.0, "", "slope of g below 0"),
    ],
    states=[State("s", 0.0, "mV", "membrane potential", membrane=True)],
    inputs=[Input("i", "pA", "synaptic and injected current")],
    flow=flow,
    fires=fires,
    reset=reset,
    doc=__doc__,
)
