"""Clopath's voltage rule and its neuron, against NEST's own test of its own, brute-force sums and closed forms."""

import numpy as np
import pytest

from maichong import (
    LIF,
    AllToAll,
    ClopathAdEx,
    ClopathSTDP,
    Delta,
    Exponential,
    FixedProbability,
    Network,
    OneToOne,
    PairSTDP,
    Poisson,
    SpikeTimes,
    Sum,
    Uniform,
)
from maichong.errors import EngineError, ModelError, NetworkError, ParameterError
from maichong.spec import Param, Read, State, neuron, rule

PRE = [
    [29.0, 129.0, 229.0, 329.0, 429.0], [29.0, 62.3, 95.7, 129.0, 162.3], [29.0, 49.0, 69.0, 89.0, 109.0],
    [129.0, 229.0, 329.0, 429.0, 529.0, 629.0], [62.3, 95.6, 129.0, 162.3, 195.6, 229.0],
    [49.0, 69.0, 89.0, 109.0, 129.0, 149.0],
]  # fmt: skip
POST = [[t - 10.0 for t in times] for times in PRE[:3]] + [[t + 10.0 for t in times] for times in PRE[3:]]
NEST = [57.82638722, 72.16730112, 149.43359357, 103.30408341, 124.03640668, 157.02882555]
"""NEST's test of clopath_synapse with aeif_psc_delta_clopath: 100 + 1500 (w - w0) / w0 at the last presynaptic spike, for pairs at
10, 30 and 50 Hz, post before pre and then pre before post."""
DT = 0.1
"""The resolution of NEST's test: its potentiation is a sum over this grid."""


def paired() -> Network:
    """Six cells, each with one synapse that learns, made to fire by jumps of 80 mV."""
    net = Network(dt=DT)
    ids = np.repeat(np.arange(6), [len(times) for times in PRE])
    # NEST's synapse lies a delay before the spike of its source, so that what it meets is the potential of its stamp there
    pre = net.population("pre", SpikeTimes(np.concatenate(PRE) - DT, ids), 6)
    teacher = net.population("teacher", SpikeTimes(np.concatenate(POST), ids), 6)
    cells = net.population("cells", ClopathAdEx(b=0.0805), 6)
    net.project(pre, cells, OneToOne(), weight=0.5, delay=DT, receptor=Delta(), plasticity=ClopathSTDP(), name="learning")
    net.project(teacher, cells, OneToOne(), weight=80.0, delay=DT, receptor=Delta(), name="teaching")
    for state in ("v", "u_minus", "u_plus"):
        net.probe("cells", state, every=DT)
    return net


def summed(k: int, v: np.ndarray, u_minus: np.ndarray, u_plus: np.ndarray) -> float:
    """The weight of synapse ``k`` at its last arrival by the paper's equations, from potentials at DT, 2 DT, ..."""
    late, w, x = round(4.0 / DT), 0.5, 0.0
    arrivals = {round(t / DT) for t in PRE[k]}
    for step in range(1, max(arrivals) + 1):
        x *= np.exp(-DT / 15.0)
        past = step - 1 - late
        minus, plus = (series[past] if past >= 0 else -70.6 for series in (u_minus, u_plus))
        w += DT * 8e-5 * x / 15.0 * max(v[step - 1] + 45.3, 0.0) * max(plus + 70.6, 0.0)
        if step in arrivals:
            w -= 14e-5 * max(minus + 70.6, 0.0)
            x += 1.0
    return w


@pytest.fixture(scope="module")
def pairings() -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """The weight of each synapse after its last arrival, and the potentials of the cells."""
    run, weights = paired().build("events"), np.zeros(6)
    for k in np.argsort([times[-1] for times in PRE]):
        run.run(round(PRE[k][-1] + DT - run.t, 6))
        weights[k] = run.synapses("learning")["weight"][k]
    return weights, {state: run["cells"].samples(state).values for state in ("v", "u_minus", "u_plus")}


def test_weights_are_the_sums_of_the_papers_equations(pairings):
    weights, seen = pairings
    assert weights == pytest.approx([summed(k, *(series[:, k] for series in seen.values())) for k in range(6)], rel=1e-12)


def test_nests_own_numbers(pairings):
    _, seen = pairings
    for k, expected in enumerate(NEST):
        v, *averages = (series[:, k].copy() for series in seen.values())
        # NEST samples the potential once more, just after the jump that makes the cell fire in the next step
        jumps = [round(t / DT) for t in POST[k] if round(t / DT) < v.size]
        v[jumps] += 80.0
        assert 100.0 + 1500.0 * (summed(k, v, *averages) - 0.5) / 0.5 == pytest.approx(expected, abs=0.05)


def lonely(dt: float = DT, **values) -> Network:
    """One cell that a jump makes fire once."""
    net = Network(dt=dt)
    teacher, cell = net.population("teacher", SpikeTimes([5.0], [0]), 1), net.population("cell", ClopathAdEx(**values), 1)
    net.project(teacher, cell, OneToOne(), weight=80.0, delay=DT, receptor=Delta())
    return net


@pytest.mark.parametrize("engine", ["reference", "events"])
@pytest.mark.parametrize("t_ref", [2.0, 0.1, 0.0])
def test_a_spike_stays_at_its_height_and_comes_down(engine, t_ref):
    net = lonely(t_ref=t_ref)
    for state in ("v", "w", "z", "v_t", "u_minus", "u_plus", "spike"):
        net.probe("cell", state, every=DT)
    net.probe("cell", "spikes")
    run = net.build(engine).run(20.0)
    (fired,) = run["cell"].spikes.times
    at = round(fired / DT) - 1
    held = round(t_ref / DT)
    seen = {state: run["cell"].samples(state).values[:, 0] for state in ("v", "w", "z", "v_t", "u_minus", "u_plus", "spike")}
    assert (seen["v"][at : at + held] == 33.0).all() and seen["v"][at + held] == -49.6
    assert (seen["spike"][at : at + held] == 1.0).all() and seen["spike"][at + held] == 0.0
    if t_ref < 1.0:
        return
    t = DT * np.arange(held + 1)
    now = {state: series[at : at + held + 1] for state, series in seen.items()}
    assert now["w"] == pytest.approx(np.full(held + 1, now["w"][0]), rel=1e-12)
    assert now["z"] == pytest.approx(400.0 * np.exp(-t / 40.0), rel=1e-9)
    assert now["v_t"] == pytest.approx(-50.4 + 80.8 * np.exp(-t / 50.0), rel=1e-9)
    for name, tau in (("u_minus", 10.0), ("u_plus", 7.0)):
        assert now[name] == pytest.approx(33.0 + (now[name][0] - 33.0) * np.exp(-t / tau), rel=1e-7)


def test_spikes_come_to_the_located_one_as_dt_shrinks():
    exact = lonely(integrator="ode").build("reference").run(9.0)
    # on the grid a spike begins up to a step late, and all that it leaves is a step younger: an error of order one
    runs = [lonely(dt).build("reference").run(9.0) for dt in (0.1, 0.025)]
    for state in ("v", "u_minus", "u_plus", "u_bar", "z"):
        coarse, fine = (abs(run["cell"][state][0] - exact["cell"][state][0]) for run in runs)
        assert 3.0 < coarse / fine < 5.0, state


def test_engines_agree_while_something_is_learned_and_while_it_is_not():
    def one(engine: str, **options):
        net = Network(dt=DT, seed=3)
        pre, teacher = net.population("pre", Poisson(rate=80.0), 3), net.population("teacher", Poisson(rate=40.0), 40)
        cells = net.population("cells", ClopathAdEx(), 40)
        # the potential is read as it is, as it was, and as it was before the network began
        rule = ClopathSTDP(h=0.5, delay=1.3, a_ltd=1e-2, a_ltp=1e-3)
        weight, late = Uniform(0.1, 20.0), Uniform(0.1, 2.0)
        net.project(pre, cells, FixedProbability(0.6), weight=weight, delay=late, receptor=Delta(), plasticity=rule, name="p")
        net.project(teacher, cells, OneToOne(), weight=80.0, delay=DT, receptor=Delta())
        halfway = net.build(engine, **options).run(12.0).snapshot()
        run = net.build(engine, **options).restore(halfway)
        run.learning = False
        run.run(3.0)
        run.learning = True
        return run.run(6.0)

    judge = one("reference")
    start = judge.network.build("reference").synapses("p")["weight"]
    assert np.abs(judge.synapses("p")["weight"] - start).max() > 0.1
    for run in (one("events", threads=1), one("events", threads=2)):
        assert run.synapses("p")["weight"] == pytest.approx(judge.synapses("p")["weight"], rel=1e-10)
        assert run["cells"]["u_bar"] == pytest.approx(judge["cells"]["u_bar"], rel=1e-10)


def test_homeostasis_scales_depression():
    def depressed(u_bar: float, **values) -> float:
        net = Network(dt=DT)
        pre = net.population("pre", SpikeTimes([0.9], [0]), 1)
        cell = net.population("cell", ClopathAdEx(tau_bar=1e9), 1, init={"u_minus": -60.6, "u_bar": u_bar})
        net.project(pre, cell, OneToOne(), weight=50.0, delay=DT, receptor=Delta(), plasticity=ClopathSTDP(**values), name="p")
        return 50.0 - net.build("reference").run(2.0).synapses("p")["weight"][0]

    plain = depressed(-70.6)
    assert plain == pytest.approx(14e-5 * 10.0, rel=1e-9)  # the average of 4 ms ago: as it began
    assert depressed(-70.6 + np.sqrt(60.0), h=1.0) == pytest.approx(plain, rel=1e-6)
    assert depressed(-70.6 + 3.0 * np.sqrt(60.0), h=1.0) == pytest.approx(9.0 * plain, rel=1e-6)
    assert depressed(-70.6, h=1.0) == pytest.approx(0.0, abs=1e-12)


def test_it_goes_together_with_other_rules():
    def learned(plasticity):
        net = Network(dt=DT, seed=3)
        pre, teacher = (
            net.population("pre", Poisson(rate=80.0), 3),
            net.population("teacher", SpikeTimes([10.0, 25.0], [0, 0]), 1),
        )
        cell = net.population("cell", ClopathAdEx(c_m=1e15), 1)  # which feels no current
        net.project(pre, cell, AllToAll(), weight=0.5, delay=DT, receptor=Exponential(), plasticity=plasticity, name="p")
        net.project(teacher, cell, OneToOne(), weight=120.0, delay=DT, receptor=Delta())
        return net.build("reference").run(30.0).synapses("p")["weight"]

    voltage, pairs = ClopathSTDP(a_ltd=1e-3, a_ltp=1e-4), PairSTDP(a_plus=0.01, a_minus=0.01)
    alone = [learned(each) for each in (voltage, pairs)]
    assert all(np.abs(each - 0.5).max() > 1e-3 for each in alone)
    assert learned(Sum(voltage, pairs)) == pytest.approx(alone[0] + alone[1] - 0.5, rel=1e-12)
    with pytest.raises(
        ParameterError, match="Sum: cannot put together two rules that read 'u_minus' of the target as it was some"
    ):
        Sum(voltage, voltage)


def test_what_is_refused():
    net = Network(dt=DT)
    pre, cells = net.population("pre", Poisson(rate=10.0), 1), net.population("cells", LIF(), 1)
    with pytest.raises(
        NetworkError, match=r"ClopathSTDP reads 'u_minus' of its targets .*, which LIF does not keep.* ClopathAdEx"
    ):
        net.project(pre, cells, OneToOne(), weight=1.0, receptor=Delta(), plasticity=ClopathSTDP())
    good = net.population("good", ClopathAdEx(), 1)
    with pytest.raises(NetworkError, match="reads the potential at the synapse, which a dendritic delay puts off"):
        net.project(
            pre, good, OneToOne(), weight=1.0, receptor=Delta(), delay=1.0, dendritic_delay=1.0, plasticity=ClopathSTDP()
        )
    read = rule("Reads", params=[], reads=[Read("u_bar", "pA", "in another unit")], on_pre=kept)
    with pytest.raises(NetworkError, match=r"Reads reads 'u_bar' of its targets .* in pA \(got mV\)"):
        net.project(pre, good, OneToOne(), weight=1.0, receptor=Delta(), plasticity=read())
    with pytest.raises(ModelError, match="its delay 'dely' is no parameter; did you mean 'delay'"):
        rule("Late", params=[Param("delay", 1.0, "ms", "")], reads=[Read("v_t", "mV", "", delay="dely")], on_pre=kept)
    with pytest.raises(ModelError, match="recover: is for a membrane that a spike resets"):
        neuron("Up", params=[], states=[State("v", 0.0, "mV", "", membrane=True)], flow=flat, fires=same, recover=same)
    net.population("exact", ClopathAdEx(spike_times="exact"), 1)
    with pytest.raises(EngineError, match="population 'exact'"):
        net.build("reference")


def flat(v):
    return 0.0 * v


def same(v):
    return v


def kept(w):
    return w
