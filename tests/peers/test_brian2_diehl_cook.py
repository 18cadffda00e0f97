"""Brian2 and maichong, given the same input spikes, fire the same spikes and learn the same weights on a Diehl & Cook network.

Needs the extra ``brian2``; the network is small, its constants are those of the zoo but for what makes 16 neurons share 600 ms.
Where the two simulators count time in different ways, one of the comments marked "translation" says how.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from maichong import LIF, AllButSelf, AllToAll, ExplicitList, Network, OneToOne, SpikeTimes
from maichong.engines.events import layout
from maichong.plasticity.meso.homeostatic_threshold import HomeostaticThreshold
from maichong.plasticity.meso.weight_normalisation import WeightNormalisation
from maichong.plasticity.micro.diehl_cook import DiehlCook
from maichong.synapses.exponential import Exponential

b2 = pytest.importorskip("brian2", reason="Brian2 judges this test: pip install maichong[test,brian2]")

DT = 0.5  # ms
N_IN, N = 64, 16
IMAGES, PRESENT, REST = 3, 300, 100  # in steps
PERIOD = PRESENT + REST
STEPS = IMAGES * PERIOD
TOTAL = 16.0  # nS, all inputs of a neuron
RULE = {"eta_pre": 0.01, "eta_post": 0.1, "tau_pre": 20.0, "tau_post1": 20.0, "tau_post2": 40.0}
THETA = {"theta_plus": 0.5, "tau_theta": 1e4, "theta_0": 20.0}
EXC = {"tau_m": 100.0, "v_rest": -65.0, "v_r": -65.0, "v_th": -72.0, "t_ref": 5.0}
INH = {"tau_m": 10.0, "v_rest": -60.0, "v_r": -45.0, "v_th": -40.0, "t_ref": 2.0}
V_EXC, V_INH = -105.0, -100.0  # mV, at the start
W_EI, W_IE = 10.4, 17.0  # nS


@dataclass(frozen=True)
class Given:
    """What is drawn once and handed to both: input spikes (steps, ids), weights [nS] and delays [steps] as [pre, post]."""

    steps: np.ndarray
    ids: np.ndarray
    weight: np.ndarray
    delay: np.ndarray


@dataclass(frozen=True)
class Outcome:
    """Spikes as (step, id) in order, weights at the end of each image [image, pre, post], theta and v at the end."""

    exc: np.ndarray
    inh: np.ndarray
    weights: np.ndarray
    theta: np.ndarray
    v: np.ndarray


def draw() -> Given:
    """Each image lights half of the inputs; the rest is dim and not silent, so that spikes are in flight when an image begins."""
    rng = np.random.default_rng(2015)
    rate = np.full((STEPS, N_IN), 4.0)  # Hz
    for start in range(0, STEPS, PERIOD):
        rate[start : start + PRESENT] = np.where(rng.random(N_IN) < 0.5, 60.0, 4.0)
    steps, ids = np.nonzero(rng.random(rate.shape) < rate * DT / 1000.0)
    return Given(steps + 1, ids, rng.uniform(0.003, 0.303, (N_IN, N)), rng.integers(1, 21, (N_IN, N)))


GIVEN = draw()


def in_maichong(engine: str, connector: str) -> tuple[Outcome, Any]:
    """The network on one of maichong's engines, and the plan that it followed."""
    net = Network(dt=DT, seed=0)
    x = net.population("input", SpikeTimes(GIVEN.steps * DT, GIVEN.ids), N_IN)
    # the leak is 1 nS: c_m in pF equals tau_m in ms
    cell, partner = LIF(c_m=EXC["tau_m"], **EXC), LIF(c_m=INH["tau_m"], **INH)
    e = net.population("exc", cell, N, init={"v": V_EXC}, plasticity=HomeostaticThreshold(**THETA))
    i = net.population("inh", partner, N, init={"v": V_INH})
    pairs = np.random.default_rng(0).permutation(N_IN * N)
    net.project(
        x, e, AllToAll() if connector == "all_to_all" else ExplicitList(pairs // N, pairs % N), name="learned",
        receptor=Exponential(tau=1.0, e_rev=0.0), weight=GIVEN.weight, delay=GIVEN.delay * DT,
        plasticity=[DiehlCook(**RULE), WeightNormalisation(total=TOTAL)],
    )  # fmt: skip
    net.project(e, i, OneToOne(), weight=W_EI, receptor=Exponential(tau=1.0, e_rev=0.0))
    net.project(i, e, AllButSelf(), weight=W_IE, receptor=Exponential(tau=2.0, e_rev=-100.0))
    run = net.build(engine)
    weights = []
    for _ in range(IMAGES):
        run.signal("sample")
        run.run(PERIOD * DT)
        weights.append(run.weights("learned"))
    exc, inh = (np.stack([np.rint(s.times / DT).astype(int), s.ids], axis=1) for s in (run["exc"].spikes, run["inh"].spikes))
    return Outcome(exc, inh, np.stack(weights), run["exc"]["theta"], run["exc"]["v"]), run.plan


EQUATIONS_EXC = """
dv/dt = (v_rest - v + ge*(0 - v) + gi*(-100 - v))/tau_m : 1 (unless refractory)
dge/dt = -ge/(1*ms) : 1
dgi/dt = -gi/(2*ms) : 1
dtheta/dt = -theta/tau_theta : 1
dpost1/dt = -post1/tau_post1 : 1
dpost2/dt = -post2/tau_post2 : 1
"""
EQUATIONS_INH = """
dv/dt = (v_rest - v + ge*(0 - v))/tau_m : 1 (unless refractory)
dge/dt = -ge/(1*ms) : 1
"""
# translation: a reset comes after the synapses of its step, so on_pre and on_post read what post1 and post2 were before it
RESET_EXC = """
v = v_r
theta += theta_plus
post1 = 1
post2 = 1
"""
EQUATIONS_LEARNED = """
w : 1
dpre_trace/dt = -pre_trace/tau_pre : 1 (event-driven)
ups : integer
downs : integer
"""
ON_PRE = """
ge_post += w
downs += int(eta_pre*post1_post > 1e-6)
w = clip(w - eta_pre*post1_post, 0, 1)
pre_trace = 1
"""
ON_POST = """
ups += int(eta_post*pre_trace*post2_post > 1e-6)
w = clip(w + eta_post*pre_trace*post2_post, 0, 1)
"""


def named(values: dict[str, float]) -> dict[str, Any]:
    """Parameters as Brian2's namespaces want them: times with their unit, all else as numbers (mV, nS)."""
    return {name: value * b2.ms if name.startswith(("tau", "t_ref")) else value for name, value in values.items()}


def neurons(equations: str, reset: str, threshold: str, cell: dict[str, float], more: dict[str, float]) -> Any:
    return b2.NeuronGroup(
        N, equations, threshold=threshold, reset=reset, method="exponential_euler", namespace=named({**cell, **more}),
        # translation: Brian2 counts the refractory time from the start of the spike's step, maichong from its end
        refractory=(cell["t_ref"] + DT) * b2.ms,
    )  # fmt: skip


def in_brian2() -> tuple[Outcome, dict[str, int]]:
    """The same network in Brian2, and how often a synapse grew and shrank."""
    # translation: Brian2 stamps a spike with the start of its step, maichong with its end: maichong = Brian2 + dt, everywhere.
    # Both deliver a spike of delay d when the d-th step after the spike's own has begun (Brian2 at the end of the step
    # before it), so delays and shifts are the same numbers
    x = b2.SpikeGeneratorGroup(N_IN, GIVEN.ids, (GIVEN.steps - 1) * DT * b2.ms)
    exc = neurons(EQUATIONS_EXC, RESET_EXC, "v >= v_th + theta", EXC, {**THETA, **RULE})
    exc.v, exc.theta = V_EXC, THETA["theta_0"]
    inh = neurons(EQUATIONS_INH, "v = v_r", "v >= v_th", INH, {})
    inh.v = V_INH

    learned = b2.Synapses(x, exc, EQUATIONS_LEARNED, on_pre=ON_PRE, on_post=ON_POST, namespace=named(RULE))
    learned.connect()
    pre, post = np.array(learned.i), np.array(learned.j)
    learned.w = GIVEN.weight[pre, post]
    learned.pre.delay = GIVEN.delay[pre, post] * DT * b2.ms
    # translation: maichong's step begins with the arrivals and ends with on_post, Brian2's ends with both: on_post comes first
    learned.post.order, learned.pre.order = 0, 2
    exc_inh = b2.Synapses(exc, inh, on_pre=f"ge_post += {W_EI}", delay=DT * b2.ms)
    exc_inh.connect(j="i")
    inh_exc = b2.Synapses(inh, exc, on_pre=f"gi_post += {W_IE}", delay=DT * b2.ms)
    inh_exc.connect(condition="i != j")

    weights: list[np.ndarray] = []

    def normalise() -> None:
        w = np.array(learned.w)
        learned.w = w * (TOTAL / np.bincount(post, w))[post]

    # translation: maichong's step boundary lies between on_post and the arrivals, which is inside of Brian2's step
    @b2.network_operation(when="synapses", order=1)
    def end_of_image(t: Any) -> None:
        step = round(float(t / b2.ms) / DT) + 1
        if step % PERIOD == 0:
            matrix = np.full((N_IN, N), np.nan)
            matrix[pre, post] = learned.w
            weights.append(matrix)
            if step < STEPS:
                normalise()

    spikes = [b2.SpikeMonitor(group) for group in (exc, inh)]
    net = b2.Network(x, exc, inh, learned, exc_inh, inh_exc, end_of_image, *spikes)
    normalise()
    net.run(STEPS * DT * b2.ms)
    seen = [np.stack([np.rint(np.array(m.t / b2.ms) / DT).astype(int) + 1, np.array(m.i)], axis=1) for m in spikes]
    counts = {"ups": int(np.sum(learned.ups)), "downs": int(np.sum(learned.downs))}
    return Outcome(*seen, np.stack(weights), np.array(exc.theta), np.array(exc.v)), counts
