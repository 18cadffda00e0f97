"""Pinsky and Rinzel's pyramidal cell of CA3: a soma with sodium spikes, a dendrite with calcium spikes, and what couples them.

    c_m dv/dt = g_leak (e_leak - v) + g_na m^2 h (e_na - v) + g_kdr n (e_k - v) + g_c (v_d - v) / p + i / p
    c_m dv_d/dt = g_leak (e_leak - v_d) + i_ca + (g_ahp q + g_kc c min(ca / ca_1, 1)) (e_k - v_d)
                + g_c (v - v_d) / (1 - p) + i_d / (1 - p);      i_ca = g_ca s^2 (e_ca - v_d)
    dca/dt = k_ca i_ca - beta_ca ca;      m = alpha_m / (alpha_m + beta_m)
    dx/dt = alpha_x (1 - x) - beta_x x  for h, n (of the soma), s, c (of the dendrite), q (of ca)

With y = (v - v_0) / mV, of the soma for m, h, n and of the dendrite for s, c; rel(z) = z / (exp(z) - 1), all in phi = 1/ms:
    alpha_m = 1.28 rel((13.1 - y) / 4)      beta_m = 1.4 rel((y - 40.1) / 5)
    alpha_h = 0.128 exp((17 - y) / 18)      beta_h = 4 / (1 + exp((40 - y) / 5))
    alpha_n = 0.08 rel((35.1 - y) / 5)      beta_n = 0.25 exp(0.5 - 0.025 y)
    alpha_s = 1.6 / (1 + exp(0.072 (65 - y)))      beta_s = 0.1 rel((y - 51.1) / 5)
    alpha_c + beta_c = 2 exp((6.5 - y) / 27);      alpha_c = exp((y - 10) / 11 - (y - 6.5) / 27) / 18.975, all of it above y = 50
    alpha_q = min(2e-5 ca, 0.01)            beta_q = 0.001

Weak input to the soma makes bursts, strong input tonic spikes, and a tight coupling single ones. The paper's numbers are per
cm^2: uF, mS, uA; here they are those of 100 um^2 of membrane, in pF, nS and pA. ca has the paper's own units. A spike is noticed
where the soma rises through v_th.

Source: Pinsky & Rinzel 1994, doi:10.1007/BF00962717, with its erratum of 1995 (J. Comput. Neurosci. 2:275); the constants as in
Gabbiani & Cox 2017, "Mathematics for Neuroscientists".

Not at dt above 0.05 ms.
"""

from maichong.neurons.gating import at_rest, rel, relax
from maichong.ops import exp, minimum, where
from maichong.spec import Input, Param, State, neuron


def somatic(v, h, n, v_0, mv, phi):
    """The opening of m, which is at rest at once, and the flows of h and n."""
    y = (v - v_0) / mv
    m = at_rest(1.28 * rel((13.1 - y) / 4.0), 1.4 * rel((y - 40.1) / 5.0))
    flow_h = phi * relax(h, 0.128 * exp((17.0 - y) / 18.0), 4.0 / (1.0 + exp((40.0 - y) / 5.0)))
    flow_n = phi * relax(n, 0.08 * rel((35.1 - y) / 5.0), 0.25 * exp(0.5 - 0.025 * y))
    return m, flow_h, flow_n


def dendritic(v_d, s, c, v_0, mv, phi):
    """The flows of s and c."""
    y = (v_d - v_0) / mv
    flow_s = phi * relax(s, 1.6 / (1.0 + exp(0.072 * (65.0 - y))), 0.1 * rel((y - 51.1) / 5.0))
    both = 2.0 * exp((6.5 - y) / 27.0)
    low = minimum(y, 50.0)
    alpha_c = where(y > 50.0, both, exp((low - 10.0) / 11.0 - (low - 6.5) / 27.0) / 18.975)
    return flow_s, phi * relax(c, alpha_c, both - alpha_c)


def flow(
    v, v_d, h, n, s, c, q, ca, i, i_d, c_m, p, g_c, g_leak, g_na, g_kdr, g_ca, g_ahp, g_kc,
    e_leak, e_na, e_k, e_ca, ca_1, k_ca, beta_ca, v_0, mv, phi,
):  # fmt: skip
    m, flow_h, flow_n = somatic(v, h, n, v_0, mv, phi)
    flow_s, flow_c = dendritic(v_d, s, c, v_0, mv, phi)
    i_ca = g_ca * s * s * (e_ca - v_d)
    soma = g_leak * (e_leak - v) + g_na * m * m * h * (e_na - v) + g_kdr * n * (e_k - v)
    dendrite = g_leak * (e_leak - v_d) + i_ca + (g_ahp * q + g_kc * c * minimum(ca / ca_1, 1.0)) * (e_k - v_d)
    return (
        (soma + (g_c * (v_d - v) + i) / p) / c_m,
        (dendrite + (g_c * (v - v_d) + i_d) / (1.0 - p)) / c_m,
        flow_h,
        flow_n,
        flow_s,
        flow_c,
        phi * relax(q, minimum(2e-5 * ca, 0.01), 0.001),
        k_ca * i_ca - beta_ca * ca,
    )


def fires(v, v_th):
    return v - v_th


def soma_at_first(v_0, mv):
    return v_0 - 4.6 * mv


def dendrite_at_first(v_0, mv):
    return v_0 - 4.5 * mv


PinskyRinzel = neuron(
    "PinskyRinzel",
    params=[
        Param("c_m", 3.0, "pF", "membrane capacitance", above=0),
        Param("p", 0.5, "", "part of the membrane that is soma", above=0, high=0.999),
        Param("g_c", 2.1, "nS", "conductance between soma and dendrite", low=0),
        Param("g_leak", 0.1, "nS", "leak conductance", low=0),
        Param("g_na", 30.0, "nS", "largest sodium conductance", low=0),
        Param("g_kdr", 15.0, "nS", "largest conductance of delayed-rectifier potassium", low=0),
        Param("g_ca", 10.0, "nS", "largest calcium conductance", low=0),
        Param("g_ahp", 0.8, "nS", "largest conductance of the slow potassium that calcium opens", low=0),
        Param("g_kc", 15.0, "nS", "largest conductance of potassium that calcium and voltage open", low=0),
        Param("e_leak", -60.0, "mV", "reversal potential of the leak"),
        Param("e_na", 60.0, "mV", "reversal potential of sodium"),
        Param("e_k", -75.0, "mV", "reversal potential of potassium"),
        Param("e_ca", 80.0, "mV", "reversal potential of calcium"),
        Param("ca_1", 250.0, "", "calcium that opens all of g_kc", above=0),
        Param("k_ca", 0.13, "1/(pA ms)", "rise of calcium per current of calcium"),
        Param("beta_ca", 0.075, "1/ms", "decay of calcium", low=0),
        Param("v_0", -60.0, "mV", "potential from which the rates are counted"),
        Param("v_th", -30.0, "mV", "potential of the soma at which a spike is noticed as it rises"),
        Param("phi", 1.0, "1/ms", "speed of the gates", above=0),
        Param("mv", 1.0, "mV", "voltage by which the rates change: wider than 1 makes them less steep", above=0),
    ],
    states=[
        State("v", soma_at_first, "mV", "membrane potential of the soma", membrane=True),
        State("v_d", dendrite_at_first, "mV", "membrane potential of the dendrite"),
        State("h", 0.999, "", "what is left of sodium by inactivation"),
        State("n", 0.001, "", "opening of the delayed rectifier"),
        State("s", 0.009, "", "opening of calcium"),
        State("c", 0.007, "", "opening of g_kc by voltage"),
        State("q", 0.01, "", "opening of g_ahp"),
        State("ca", 0.2, "", "calcium in the dendrite"),
    ],
    inputs=[
        Input("i", "pA", "synaptic and injected current of the soma"),
        Input("i_d", "pA", "synaptic and injected current of the dendrite", at="v_d"),
    ],
    flow=flow,
    fires=fires,
    doc=__doc__,
)
