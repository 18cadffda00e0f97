"""Hodgkin and Huxley's squid axon, with the full gating of 1952, in the modern sign and counted from its rest at -65 mV.

    c_m dv/dt = g_leak (e_leak - v) + g_na m^3 h (e_na - v) + g_k n^4 (e_k - v) + i
    dx/dt = alpha_x (1 - x) - beta_x x  for x = m, h, n;  with y = (v - v_0) / mV, rel(z) = z / (exp(z) - 1), all in phi = 1/ms:
    alpha_m = rel((25 - y) / 10)               beta_m = 4 exp(-y / 18)
    alpha_h = 0.07 exp(-y / 20)                beta_h = 1 / (1 + exp((30 - y) / 10))
    alpha_n = 0.1 rel((10 - y) / 10)           beta_n = 0.125 exp(-y / 80)

phi = 3^((T - 6.3) / 10) / ms at T degrees Celsius. The paper's numbers are per cm^2: uF, mS, uA; here they are those of 100 um^2
of membrane, the same numbers in pF, nS and pA, so that synapses fit: scale c_m and all g together for a whole cell. A step of
current fires repetitively from 6.3 pA on; rest loses its stability at 9.78 pA (Hopf) and gains it again at 154.5 pA.

The flow makes the whole spike: it is noticed where v rises through v_th. Each state is linear in itself and stepped by its
exponential (for gates the method of Rush and Larsen), in Strang's order, see TraubMiles.

Source: Hodgkin & Huxley 1952, doi:10.1113/jphysiol.1952.sp004764.

Not at dt above 0.05 ms, and not for cells of the cortex, which have other channels: see TraubMiles.
"""

from maichong.neurons.gating import at_rest, ionic, rel, relax
from maichong.ops import exp
from maichong.spec import Input, Param, State, neuron


def rates_m(v, v_0, mv, phi):
    y = (v - v_0) / mv
    return phi * rel((25.0 - y) / 10.0), phi * 4.0 * exp(-y / 18.0)


def rates_h(v, v_0, mv, phi):
    y = (v - v_0) / mv
    return phi * 0.07 * exp(-y / 20.0), phi / (1.0 + exp((30.0 - y) / 10.0))


def rates_n(v, v_0, mv, phi):
    y = (v - v_0) / mv
    return phi * 0.1 * rel((10.0 - y) / 10.0), phi * 0.125 * exp(-y / 80.0)


def flow(v, m, h, n, i, c_m, g_leak, g_na, g_k, e_leak, e_na, e_k, v_0, mv, phi):
    alpha_m, beta_m = rates_m(v, v_0, mv, phi)
    alpha_h, beta_h = rates_h(v, v_0, mv, phi)
    alpha_n, beta_n = rates_n(v, v_0, mv, phi)
    return (
        (ionic(v, m, h, n, g_leak, g_na, g_k, e_leak, e_na, e_k) + i) / c_m,
        relax(m, alpha_m, beta_m),
        relax(h, alpha_h, beta_h),
        relax(n, alpha_n, beta_n),
    )


def fires(v, v_th):
    return v - v_th


def m_at_rest(v, v_0, mv, phi):
    alpha, beta = rates_m(v, v_0, mv, phi)
    return at_rest(alpha, beta)


def h_at_rest(v, v_0, mv, phi):
    alpha, beta = rates_h(v, v_0, mv, phi)
    return at_rest(alpha, beta)


def n_at_rest(v, v_0, mv, phi):
    alpha, beta = rates_n(v, v_0, mv, phi)
    return at_rest(alpha, beta)


HodgkinHuxley = neuron(
    "HodgkinHuxley",
    params=[
        Param("c_m", 1.0, "pF", "membrane capacitance", above=0),
        Param("g_leak", 0.3, "nS", "leak conductance", low=0),
        Param("g_na", 120.0, "nS", "largest sodium conductance", low=0),
        Param("g_k", 36.0, "nS", "largest potassium conductance", low=0),
        Param("e_leak", -54.387, "mV", "reversal potential of the leak"),
        Param("e_na", 50.0, "mV", "reversal potential of sodium"),
        Param("e_k", -77.0, "mV", "reversal potential of potassium"),
        Param("v_0", -65.0, "mV", "potential from which the rates are counted, and at the start"),
        Param("v_th", 0.0, "mV", "potential at which a spike is noticed as v rises"),
        Param("phi", 1.0, "1/ms", "speed of the gates: it grows with the temperature", above=0),
        Param("mv", 1.0, "mV", "voltage by which the rates change: wider than 1 makes them less steep", above=0),
    ],
    states=[
        State("v", "v_0", "mV", "membrane potential", membrane=True),
        State("m", m_at_rest, "", "opening of sodium"),
        State("h", h_at_rest, "", "what is left of sodium by inactivation"),
        State("n", n_at_rest, "", "opening of potassium"),
    ],
    inputs=[Input("i", "pA", "synaptic and injected current")],
    flow=flow,
    fires=fires,
    doc=__doc__,
)
