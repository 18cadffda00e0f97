"""Pulse-coupled neuron (PCNN): what links to it modulates what feeds it, and a threshold that jumps at its pulses.

    df/dt = -f / tau_f + i / c_m;      dl/dt = -l / tau_l + i_l / c_m;      dtheta/dt = (theta_0 - theta) / tau_theta
    f (1 + beta l) >= theta: pulse, theta <- theta + v_theta

The feeding f is the stimulus, such as a pixel; the linking l comes from neighbours and draws in cells whose f is nearly enough, so
that alike pixels pulse together. Under a constant feeding and with theta_0 = 0 it pulses every tau_theta ln(1 + v_theta / f) ms.

Source: Eckhorn, Reitboeck, Arndt & Dicke 1990, doi:10.1162/neco.1990.2.3.293; as a network Johnson & Padgett 1999,
doi:10.1109/72.761706.

Not for cells of the brain: a pulse leaves f alone, and f is no membrane that conductances could pull at.
"""

from maichong.spec import Input, Param, State, neuron


def flow(f, l, theta, i, i_l, c_m, tau_f, tau_l, tau_theta, theta_0):  # noqa: E741 - the paper's symbol
    return -f / tau_f + i / c_m, -l / tau_l + i_l / c_m, (theta_0 - theta) / tau_theta


def fires(f, l, theta, beta):  # noqa: E741
    return f * (1.0 + beta * l) - theta


def reset(f, l, theta, v_theta):  # noqa: E741
    return f, l, theta + v_theta


PCNN = neuron(
    "PCNN",
    params=[
        Param("c_m", 1.0, "pF", "capacitance that turns a current into mV/ms", above=0),
        Param("tau_f", 10.0, "ms", "time constant of the feeding", above=0),
        Param("tau_l", 1.0, "ms", "time constant of the linking", above=0),
        Param("beta", 0.2, "1/mV", "strength of the linking", low=0),
        Param("tau_theta", 5.0, "ms", "time constant of the threshold", above=0),
        Param("v_theta", 20.0, "mV", "rise of the threshold per pulse", above=0),
        Param("theta_0", 1.0, "mV", "threshold at rest: above 0, that a cell without input is silent", low=0),
    ],
    states=[
        State("f", 0.0, "mV", "feeding", membrane=True),
        State("l", 0.0, "mV", "linking"),
        State("theta", "theta_0", "mV", "threshold"),
    ],
    inputs=[
        Input("i", "pA", "feeding current"),
        Input("i_l", "pA", "linking current"),
    ],
    flow=flow,
    fires=fires,
    reset=reset,
    holds=False,
    doc=__doc__,
)
