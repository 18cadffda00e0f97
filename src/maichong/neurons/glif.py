"""Generalised leaky integrate-and-fire neuron (GLIF) of the Allen Institute: five levels, from LIF to a threshold that adapts.

    c_m dv/dt = g_leak (e_leak - v) + i_1 + i_2 + i;      di_j/dt = -k_j i_j  for j = 1, 2
    dtheta_s/dt = -b_s theta_s;      dtheta_v/dt = a_v (v - e_leak) - b_v theta_v;      v >= v_th + theta_s + theta_v: spike,
    v <- e_leak + f_v (v - e_leak) + delta_v,  theta_s <- theta_s + delta_s,  i_j <- f_j i_j + delta_j;      held for t_ref

A level is what is not zero; the defaults are a cell of level 5 (LIF-R-ASC-A):

    GLIF1 LIF         f_v = delta_v = delta_s = delta_1 = delta_2 = a_v = 0
    GLIF2 LIF-R       delta_1 = delta_2 = a_v = 0
    GLIF3 LIF-ASC     f_v = delta_v = delta_s = a_v = 0
    GLIF4 LIF-R-ASC   a_v = 0

The flow is linear and stepped exactly. The toolkit of the source, and NEST, stop all but the clock while t_ref lasts: what was
there decays by it at once, and what the spike adds comes at its end. Here currents and thresholds go on through t_ref, from the
spike on: their delta_j and delta_s are delta_j exp(-k_j t_ref) and delta_s exp(-b_s t_ref) of these. theta_v follows the held
potential.

Source: Teeter et al. 2018, doi:10.1038/s41467-017-02717-4; after Mihalas & Niebur 2009, doi:10.1162/neco.2008.12-07-680. The
defaults are those of NEST's glif_psc, but for its t_ref of 3.75 ms.

Not for conductances, with which cells were not fitted.
"""

from maichong.spec import Input, Param, State, neuron


def flow(v, i_1, i_2, theta_s, theta_v, i, c_m, g_leak, e_leak, k_1, k_2, b_s, a_v, b_v):
    return (
        (g_leak * (e_leak - v) + i_1 + i_2 + i) / c_m,
        -k_1 * i_1,
        -k_2 * i_2,
        -b_s * theta_s,
        a_v * (v - e_leak) - b_v * theta_v,
    )


def fires(v, theta_s, theta_v, v_th):
    return v - (v_th + theta_s + theta_v)


def reset(v, i_1, i_2, theta_s, theta_v, e_leak, f_v, delta_v, f_1, f_2, delta_1, delta_2, delta_s):
    return (
        e_leak + f_v * (v - e_leak) + delta_v,
        f_1 * i_1 + delta_1,
        f_2 * i_2 + delta_2,
        theta_s + delta_s,
        theta_v,
    )


GLIF = neuron(
    "GLIF",
    params=[
        Param("c_m", 58.72, "pF", "membrane capacitance", above=0),
        Param("g_leak", 9.43, "nS", "leak conductance", above=0),
        Param("e_leak", -78.85, "mV", "resting potential"),
        Param("v_th", -51.68, "mV", "threshold at rest"),
        Param("f_v", 0.20, "", "part of the potential above rest that a spike leaves"),
        Param("delta_v", 18.51, "mV", "what a spike adds to it"),
        Param("delta_s", 0.37, "mV", "rise of the threshold per spike"),
        Param("b_s", 0.009, "1/ms", "decay of that rise", low=0),
        Param("a_v", 0.005, "1/ms", "how the threshold follows the membrane"),
        Param("b_v", 0.09, "1/ms", "decay of the threshold that follows", low=0),
        Param("k_1", 0.003, "1/ms", "decay of the first current after a spike", low=0),
        Param("k_2", 0.1, "1/ms", "decay of the second", low=0),
        Param("f_1", 1.0, "", "part of the first current that the next spike leaves"),
        Param("f_2", 1.0, "", "part of the second current that the next spike leaves"),
        Param("delta_1", -9.18, "pA", "rise of the first current per spike"),
        Param("delta_2", -198.94, "pA", "rise of the second current per spike"),
    ],
    states=[
        State("v", "e_leak", "mV", "membrane potential", membrane=True),
        State("i_1", 0.0, "pA", "first current after a spike"),
        State("i_2", 0.0, "pA", "second current after a spike"),
        State("theta_s", 0.0, "mV", "rise of the threshold by spikes"),
        State("theta_v", 0.0, "mV", "rise of the threshold that follows the membrane"),
    ],
    inputs=[Input("i", "pA", "synaptic and injected current")],
    flow=flow,
    fires=fires,
    reset=reset,
    doc=__doc__,
)
