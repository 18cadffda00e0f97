"""Homeostatic threshold whose rises shrink as it grows: after n spikes it has risen by about the square root of n.

    tau_theta dtheta/dt = -theta;      spike: theta <- theta + theta_plus (theta_0 - theta_c) / abs(theta - theta_c)

and v_th is raised by theta. From theta_0 on, (theta - theta_c)^2 grows by 2 theta_plus (theta_0 - theta_c) a spike. Neurons that
begin to fire often are held back at once, and those that have fired for long hardly more. No rise is larger than theta_0 - theta_c.
It is part of learning: where learning is switched off, theta stays as it is.

Source: Hao, Huang, Dong & Xu 2020, doi:10.1016/j.neunet.2019.09.007, and the authors' code.

Not where theta decays to theta_c between spikes: the smallest rises would become the largest. Keep tau_theta long.
"""

from maichong.ops import absolute, maximum
from maichong.spec import Param, State, intrinsic_rule


def flow(theta, tau_theta):
    return -theta / tau_theta


def on_spike(theta, theta_plus, theta_0, theta_c):
    return theta + theta_plus * (theta_0 - theta_c) / maximum(absolute(theta - theta_c), theta_plus)


def modulate(value, theta):
    return value + theta


SquareRootThreshold = intrinsic_rule(
    "SquareRootThreshold",
    scope="synapse",
    target="v_th",
    params=[
        Param("theta_plus", 0.07, "mV", "rise at the first spike"),
        Param("tau_theta", 6e6, "ms", "time constant of the decay", above=0),
        Param("theta_0", 20.0, "mV", "theta at the start"),
        Param("theta_c", 10.0, "mV", "theta from which the square root is counted"),
    ],
    states=[State("theta", "theta_0", "mV", "rise of the threshold")],
    flow=flow,
    on_spike=on_spike,
    modulate=modulate,
    doc=__doc__,
)
