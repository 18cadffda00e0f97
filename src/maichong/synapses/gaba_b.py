"""GABA-B receptor: slow inhibition through G-proteins, of which four must bind, so that it takes bursts to open it.

    dr/dt = k1 [T] (1 - r) - k2 r;    ds/dt = k3 r - k4 s;    g = g_max s^4 / (s^4 + k_d)

[T] = transmitter for the time of a pulse after each arrival, else 0; an arrival within a pulse prolongs it. All synapses onto a
neuron share its G-proteins s: r and s are sums over synapses, each with its weight, which is a pure number, 1 for a synapse as
measured. One pulse opens 1.5e-5 of g_max after 102 ms, 85 ms of transmitter open 0.39.

Source: Destexhe & Sejnowski 1995, doi:10.1073/pnas.92.21.9515; constants of Destexhe, Mainen & Sejnowski 1998, "Kinetic models of
synaptic transmission", as in ModelDB 18500. The chapter's other set is k1 = 0.09, k2 = 0.0012, k3 = 0.18, k4 = 0.034.

Not for weights that learn or are set while time runs.
"""

from maichong.spec import Param, State, receptor
from maichong.synapses.first_order import arrive as bind
from maichong.synapses.first_order import elapse as decay
from maichong.synapses.first_order import flow as kinetics
from maichong.synapses.first_order import leave as unbind


def flow(on, off, load, s, k1, k2, k3, k4, transmitter):
    d_on, d_off, d_load = kinetics(on, off, load, k1, k2, transmitter)
    return d_on, d_off, d_load, k3 * (on + off) - k4 * s


def output(s, g_max, k_d):
    bound = s * s * s * s
    return g_max * bound / (bound + k_d)


def elapse(r, bound, lag, k1, k2, transmitter):
    return decay(r, bound, lag, k1, k2, transmitter)


def arrive(w, r, bound):
    on, off, load = bind(w, r, bound)
    return on, off, load, 0.0 * w


def leave(w, r):
    on, off, load = unbind(w, r)
    return on, off, load, 0.0 * w


GABA_B = receptor(
    "GABA_B",
    params=[
        Param("g_max", 1.0, "nS", "conductance with all channels open", low=0),
        Param("k1", 0.52, "1/(mM ms)", "rate of binding", above=0),
        Param("k2", 0.0013, "1/ms", "rate of unbinding", above=0),
        Param("k3", 0.098, "1/ms", "rate at which receptors make G-proteins active", above=0),
        Param("k4", 0.033, "1/ms", "rate at which these become inactive", above=0),
        Param("k_d", 100.0, "", "s^4 at which half the channels are open", above=0),
        Param("transmitter", 0.5, "mM", "concentration of transmitter in a pulse", above=0),
        Param("pulse", 0.3, "ms", "duration of a pulse, rounded to the grid", above=0),
    ],
    states=[
        State("on", 0.0, "weight", "bound receptors, of synapses under transmitter"),
        State("off", 0.0, "weight", "bound receptors, of synapses without transmitter"),
        State("load", 0.0, "weight", "weight of the synapses under transmitter"),
        State("s", 0.0, "weight", "active G-proteins"),
    ],
    source=[State("r", 0.0, "", "part of the receptors of a source's synapses that is bound")],
    pulse="pulse",
    flow=flow,
    output=output,
    elapse=elapse,
    arrive=arrive,
    leave=leave,
    e_rev=-95.0,
    weight="",
    doc=__doc__,
)
