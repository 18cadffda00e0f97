"""Traub and Miles's cell with sodium and potassium spikes, in the form of the COBAHH benchmark.

    c_m dv/dt = g_leak (e_leak - v) + g_na m^3 h (e_na - v) + g_k n^4 (e_k - v) + i
    dx/dt = alpha_x (1 - x) - beta_x x  for x = m, h, n;  with y = (v - v_t) / mV, rel(z) = z / (exp(z) - 1), all in phi = 1/ms:
    alpha_m = 1.28 rel((13 - y) / 4)           beta_m = 1.4 rel((y - 40) / 5)
    alpha_h = 0.128 exp((17 - y) / 18)         beta_h = 4 / (1 + exp((40 - y) / 5))
    alpha_n = 0.16 rel((15 - y) / 5)           beta_n = 0.5 exp((10 - y) / 40)

The flow makes the whole spike, so there is no reset: a spike is noticed where v rises through v_th, and again when v has been
below. Each state is linear in itself and is stepped by its exponential (for the gates the method of Rush and Larsen), the gates
between two half steps of the membrane, which is of order two.

Source: Traub & Miles 1991, "Neuronal Networks of the Hippocampus"; with these constants Brette et al. 2007, benchmark 3,
doi:10.1007/s10827-007-0038-6. That benchmark in Brian2 has t_ref = 3 ms; NEST stamps spikes where v falls.

At rest with no current it fires by itself, at 14 Hz. Not at dt above 0.1 ms: m follows the upstroke within 0.05 ms.
"""

from maichong.neurons.gating import at_rest, ionic, rel, relax
from maichong.ops import exp
from maichong.spec import Input, Param, State, neuron


def rates_m(v, v_t, mv, phi):
    y = (v - v_t) / mv
    return phi * 1.28 * rel((13.0 - y) / 4.0), phi * 1.4 * rel((y - 40.0) / 5.0)


def rates_h(v, v_t, mv, phi):
    y = (v - v_t) / mv
    return phi * 0.128 * exp((17.0 - y) / 18.0), phi * 4.0 / (1.0 + exp((40.0 - y) / 5.0))


def rates_n(v, v_t, mv, phi):
    y = (v - v_t) / mv
    return phi * 0.16 * rel((15.0 - y) / 5.0), phi * 0.5 * exp((10.0 - y) / 40.0)


def flow(v, m, h, n, i, c_m, g_leak, g_na, g_k, e_leak, e_na, e_k, v_t, mv, phi):
    alpha_m, beta_m = rates_m(v, v_t, mv, phi)
    alpha_h, beta_h = rates_h(v, v_t, mv, phi)
    alpha_n, beta_n = rates_n(v, v_t, mv, phi)
    return (
        (ionic(v, m, h, n, g_leak, g_na, g_k, e_leak, e_na, e_k) + i) / c_m,
        relax(m, alpha_m, beta_m),
        relax(h, alpha_h, beta_h),
        relax(n, alpha_n, beta_n),
    )


def fires(v, v_th):
    return v - v_th


def m_at_rest(v, v_t, mv, phi):
    alpha, beta = rates_m(v, v_t, mv, phi)
    return at_rest(alpha, beta)


def h_at_rest(v, v_t, mv, phi):
    alpha, beta = rates_h(v, v_t, mv, phi)
    return at_rest(alpha, beta)


def n_at_rest(v, v_t, mv, phi):
    alpha, beta = rates_n(v, v_t, mv, phi)
    return at_rest(alpha, beta)


TraubMiles = neuron(
    "TraubMiles",
    params=[
        Param("c_m", 200.0, "pF", "membrane capacitance", above=0),
        Param("g_leak", 10.0, "nS", "leak conductance", low=0),
        Param("g_na", 20000.0, "nS", "largest sodium conductance", low=0),
        Param("g_k", 6000.0, "nS", "largest potassium conductance", low=0),
        Param("e_leak", -60.0, "mV", "reversal potential of the leak"),
        Param("e_na", 50.0, "mV", "reversal potential of sodium"),
        Param("e_k", -90.0, "mV", "reversal potential of potassium"),
        Param("v_t", -63.0, "mV", "potential from which the rates are counted: it shifts the threshold"),
        Param("v_th", -20.0, "mV", "potential at which a spike is noticed as v rises"),
        Param("phi", 1.0, "1/ms", "speed of the gates", above=0),
        Param("mv", 1.0, "mV", "voltage by which the rates change: wider than 1 makes them less steep", above=0),
    ],
    states=[
        State("v", "e_leak", "mV", "membrane potential", membrane=True),
        State("m", m_at_rest, "", "opening of sodium"),
        State("h", h_at_rest, "", "what is left of sodium by inactivation"),
        State("n", n_at_rest, "", "opening of potassium"),
    ],
    inputs=[Input("i", "pA", "synaptic and injected current")],
    flow=flow,
    fires=fires,
    doc=__doc__,
)
