"""A network that holds every form that a value may have, in every place that may hold it."""

from __future__ import annotations

import numpy as np

from maichong import (
    LIF,
    AdaptiveLIF,
    AllButSelf,
    AllToAll,
    CorrelatedPoisson,
    Delta,
    DiehlCook,
    Escape,
    ExplicitList,
    Exponential,
    FixedProbability,
    HomeostaticThreshold,
    Izhikevich,
    LogNormal,
    Network,
    Normal,
    OneToOne,
    PairSTDP,
    Poisson,
    SpikeTimes,
    Steps,
    Uniform,
    WeightNormalisation,
)


def one_of_everything() -> Network:
    """Every form that a value may have, in every place that may hold it."""
    net = Network(dt="0.2 ms", seed=2**63 - 1)
    rates = np.linspace(0.0, 1.0 / 3.0, 7)
    net.population("noise", Poisson(rate=rates), 7)
    net.population("given", SpikeTimes([0.2, 1e-3, 1.0 / 3.0], [3, 0, 3]), 4)
    net.population("nothing", SpikeTimes([], []), 1)
    net.population("alike", CorrelatedPoisson(rate=Steps([0.0, 0.4], [1.0 / 3.0, 7.0]), correlation=0.3), 3)
    net.population("course", Poisson(rate=Steps([0.2, 1.0], [[1.0 / 3.0, 2.0], [0.0, 5.0]])), 2)
    net.population(
        "exc", LIF(tau_m=Uniform(10, 20), v_th=np.linspace(-55, -50, 5), reset="soft"), 5,
        init={"v": Normal(-65.0, 1.0, low=-70.0), "theta": [0.1, 0.2, 0.3, 0.4, 0.5]}, drive={"i": LogNormal(1.0, 0.5)},
        plasticity=HomeostaticThreshold(theta_0=np.arange(5.0)),
    )  # fmt: skip
    net.population(
        "inh",
        AdaptiveLIF(t_ref="2 ms", escape=Escape("1.238 Hz", "4 mV", "sigmoid")),
        5,
        init={"v": "-60 mV"},
        drive={"i": Steps([0.4, 3.0], [np.arange(5.0) / 3.0, np.ones(5)])},
    )
    net.population("odd name: µ/脉冲 #1", Izhikevich(integrator="izh2003", d=np.array([2.0])), 1, drive=10.0)
    conductance = Exponential(tau=3.0, e_rev=0.0)
    net.project(
        "noise", "exc", AllToAll(), weight=np.arange(35.0).reshape(7, 5) / 35, delay=Uniform(0.2, 3.0), receptor=conductance,
        plasticity=[PairSTDP(pairing="nearest", mu_plus=0.5), WeightNormalisation(total=3.0)], name="learned",
    )  # fmt: skip
    listed = ExplicitList([3, 0, 0], [1, 1, 4])
    net.project("given", "exc", listed, weight=[1.0, 1.0 / 3.0, 0.1], delay=[1.0, 2.0, 0.2], receptor=Delta())
    net.project("exc", "inh", OneToOne(), weight="0.01 nA", receptor=Exponential(), input="i")
    net.project("inh", "exc", AllButSelf(), weight=-3.0, delay=np.full((5, 5), 0.4), receptor=Exponential())
    net.project("inh", "exc", FixedProbability(0.25, autapses=False), weight=Normal(2.0, 1.0, 0.0, 4.0), receptor=conductance)
    net.project("nothing", "odd name: µ/脉冲 #1", AllToAll(), weight=0.5, receptor=Exponential(), plasticity=DiehlCook())
    net.background("inh", rate=Steps([0.2, 2.0], [1e3 / 3.0, 0.0]), weight=LogNormal(0.0, 0.1), receptor=Exponential())
    net.background("exc", rate=Uniform(1e3, 2e3), weight=0.1, receptor=conductance, name="outside")
    net.noise("inh", sigma=np.arange(5.0), tau=LogNormal(1.0, 0.5, low=0.1), mean="-1 pA")
    net.noise("exc", sigma=2.0 / 3.0, tau=0.0, name="white")
    net.probe("exc", "v", every="1 ms", cells=[4, 0])
    net.probe("exc", "theta")
    net.probe("inh", "noise->inh.i", every="0.4 ms")
    net.probe("exc", "outside.g", cells=[1])
    net.probe("given")
    net.probe("noise", "counts")
    return net
