"""What NEST lacks is listed in full before anything is built; what is only nearly the same is told by ``describe``."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from maichong import (
    LIF,
    AdaptiveLIF,
    AllToAll,
    Alpha,
    Delta,
    DiehlCook,
    Exponential,
    ExponentialSTDP,
    HomeostaticThreshold,
    Izhikevich,
    MorrisonSTDP,
    Network,
    Normal,
    OneToOne,
    PairSTDP,
    Poisson,
    PowerLawSTDP,
    SpikeTimes,
    TripletSTDP,
    TsodyksMarkram,
    Uniform,
    WeightNormalisation,
)
from maichong.engines import ENGINES
from maichong.engines.nest import different, kernel, missing
from maichong.errors import EngineError
from maichong.neurons.traub_miles import TraubMiles
from maichong.spec import Param, State, neuron, short_term, source
from maichong.synapses.bi_exponential import BiExponential

CURRENT, OPEN, CLOSED = Exponential(tau=2.0), Exponential(tau=2.0, e_rev=0.0), Exponential(tau=5.0, e_rev=-80.0)


def net_of(
    cell: Any, *receptors: Any, dt: float = 0.1, weight: Any = 1.0, delay: Any = 1.0, rule: Any = (), **given: Any
) -> Network:
    """One population "e" with an input from "x" for each receptor."""
    net = Network(dt=dt, seed=1)
    x, e = net.population("x", Poisson(rate=10.0), 4), net.population("e", cell, 2, **given)
    for k, receptor in enumerate(receptors):
        net.project(x, e, AllToAll(), weight=weight, delay=delay, receptor=receptor, plasticity=rule, name=f"x{k}")
    return net


def mine_flow(v, tau):
    return -v / tau


def mine_fires(v):
    return v - 1.0


def mine_reset():
    return 0.0


def clock_interval(every):
    return every


def half(x):
    return 0.5 * x


def stays(x, lag):
    return x


MINE = neuron(
    "Mine", params=[Param("tau", 1.0, "ms", "a time constant")], states=[State("v", 0.0, "", "a membrane", membrane=True)],
    flow=mine_flow, fires=mine_fires, reset=mine_reset,
)  # fmt: skip
LACKING = {
    "own neuron": (net_of(MINE()), ["population 'e': NEST has no Mine"]),
    "currents of two kinds": (
        net_of(LIF(), CURRENT, Alpha()), ["population 'e': NEST has no LIF with Exponential currents and Alpha currents"]
    ),
    "jumps beside conductances": (
        net_of(LIF(), Delta(), OPEN), ["population 'e': NEST has no LIF with Delta and Exponential conductances"]
    ),
    "bi-exponential current": (net_of(LIF(), BiExponential()), ["population 'e': NEST has no LIF with BiExponential currents"]),
    "izhikevich with a current": (
        net_of(Izhikevich(), CURRENT), ["population 'e': NEST has no Izhikevich with Exponential currents"]
    ),
    "exact spike times": (
        net_of(LIF(spike_times="exact"), CURRENT),
        ["population 'e': exact spike times are not handed over to NEST's _ps models; use spike_times='grid'"],
    ),
    "soft reset": (net_of(LIF(reset="soft")), ["population 'e' (iaf_psc_delta): its reset must be hard, not 'soft'"]),
    "reset above the threshold": (
        net_of(LIF(v_r=[-70.0, -50.0]), OPEN), ["population 'e' (iaf_cond_exp): v_r must be below v_th"]
    ),
    "intrinsic rule": (
        net_of(LIF(), plasticity=HomeostaticThreshold()), ["population 'e': NEST has no HomeostaticThreshold"]
    ),
    "third conductance without a pause": (
        net_of(LIF(), OPEN, CLOSED, Exponential(tau=9.0, e_rev=0.0)),
        ["population 'e' (gif_cond_exp_multisynapse): t_ref must be at least one step, for NEST's gif models reset in the step "
         "after a spike"],
    ),
    "adaptive start": (
        net_of(AdaptiveLIF(t_ref=1.0), CURRENT, init={"a": 1.0}),
        ["population 'e' (gif_psc_exp_multisynapse): its a must start at 0, for NEST takes none"],
    ),
    "izhikevich of its own": (
        net_of(Izhikevich(k1=4.1, v_u=-65.0, t_ref=1.0)),
        ["population 'e' (izhikevich): k2, k1 and k0 must be the published 0.04, 5 and 140",
         "population 'e' (izhikevich): v_u must be 0, and u_leak 1", "population 'e' (izhikevich): t_ref must be 0"],
    ),
    "izhikevich's halves": (
        net_of(Izhikevich(integrator="izh2003"), Delta()),
        ["population 'e' (izhikevich): its integrator must not be 'izh2003' beside Delta, whose jump NEST halves"],
    ),
    "fast gates": (net_of(TraubMiles(phi=2.0)), ["population 'e' (hh_cond_exp_traub): phi and mv must be 1"]),
    "negative conductance": (net_of(LIF(), OPEN, weight=Normal(0, 1)), ["projection 'x0': its conductances must be >= 0"]),
    "rules": (
        net_of(LIF(), CURRENT, rule=[DiehlCook(), WeightNormalisation()], weight=0.5),
        ["projection 'x0': NEST has no DiehlCook", "projection 'x0': NEST has no WeightNormalisation"],
    ),
    "exponential rule": (net_of(LIF(), CURRENT, rule=ExponentialSTDP()), ["projection 'x0': NEST has no ExponentialSTDP"]),
    "nearest triplets": (
        net_of(LIF(), CURRENT, rule=TripletSTDP(pairing="nearest")),
        ["projection 'x0': NEST has no TripletSTDP with pairing='nearest'"],
    ),
    "bounds": (
        net_of(LIF(), CURRENT, rule=PairSTDP(w_min=0.1, a_plus=0.0)),
        ["projection 'x0' (stdp_synapse): w_min must be 0, and w_max above it",
         "projection 'x0' (stdp_synapse): a_plus must be > 0, and a_minus >= 0"],
    ),
    "negative triplets": (
        net_of(LIF(), CURRENT, rule=TripletSTDP(a2_minus=-0.1)),
        ["projection 'x0' (stdp_triplet_synapse): its amplitudes must be >= 0"],
    ),
    "power law of jumps": (
        net_of(LIF(tau_m=[10.0, 20.0]), Delta(), rule=MorrisonSTDP()),
        ["projection 'x0' (stdp_pl_synapse_hom): its cells must share a tau_m, for NEST keeps one lambda for all synapses"],
    ),
    "power law that does not rise": (
        net_of(LIF(), CLOSED, OPEN, rule=MorrisonSTDP(lam=0.0)),
        ["projection 'x0' (stdp_pl_synapse_hom): lam must be > 0, and alpha >= 0",
         "projection 'x1' (stdp_pl_synapse_hom): lam must be > 0, and alpha >= 0"],
    ),
    "power law of conductances": (
        net_of(LIF(), CLOSED, OPEN, rule=MorrisonSTDP()),
        ["projection 'x0' (stdp_pl_synapse_hom): its conductances must be the more excitatory ones, for NEST's weights must be "
         ">= 0"],
    ),
    "target trace": (
        net_of(LIF(), CURRENT, rule=PowerLawSTDP()),
        ["projection 'x0' (stdp_synapse): x_tar and eta_pre must be 0, and eta >= 0"],
    ),
    "dt": (net_of(LIF(), dt=np.pi / 30), ["network: dt = 0.10471975511965977 ms is no whole number of parts of a ms, in which "
                                          "NEST counts"]),
}  # fmt: skip


@pytest.mark.parametrize("case", LACKING)
def test_what_nest_lacks_is_told_before_anything_is_built(case: str) -> None:
    net, lines = LACKING[case]
    assert missing(net) == lines
    with pytest.raises(EngineError, match="engine 'nest'") as caught:
        net.build("nest")
    number = "1 thing" if len(lines) == 1 else f"{len(lines)} things"
    assert str(caught.value).split("\n- ") == [f"build, engine 'nest': NEST lacks {number} of this network", *lines]
    assert caught.value.details == tuple(lines)


def test_all_of_it_is_told_at_once() -> None:
    """Across populations, projections and backgrounds, with sources and cells that cannot send without a delay."""
    clock = source("Clock", params=[Param("every", 10.0, "ms", "interval")], interval=clock_interval)
    net = Network(dt=0.1)
    x, y = net.population("x", clock(), 1), net.population("y", Poisson(rate=1.0), 1)
    e, i = net.population("e", LIF(), 2), net.population("i", LIF(), 2, plasticity=HomeostaticThreshold())
    net.project(x, e, AllToAll(), weight=1.0, receptor=CURRENT)  # a source may
    net.project(e, i, AllToAll(), weight=1.0, receptor=OPEN)
    net.project(i, e, AllToAll(), weight=-1.0, receptor=CURRENT, plasticity=())
    net.project(y, i, AllToAll(), weight=0.5, delay=1.0, receptor=OPEN, plasticity=PairSTDP(tau_minus=20.0))
    net.project(y, i, AllToAll(), weight=0.5, delay=1.0, receptor=OPEN, plasticity=PairSTDP(tau_minus=30.0))
    net.background(i, rate=10.0, weight=-1.0, receptor=OPEN)
    assert missing(net) == [
        "population 'x': NEST has no Clock",
        "population 'i': NEST has no HomeostaticThreshold",
        "projection 'e->i': it has no delay, and NEST's shortest is one step; delay=0.1 would be that",
        "projection 'i->e': it has no delay, and NEST's shortest is one step; delay=0.1 would be that",
        "projection 'y->i#2': its tau_minus must be that of the other projections, for NEST keeps one for each target",
        "background 'background->i': its conductances must be >= 0",
    ]


def test_short_term_rules_of_one_s_own_and_beside_others() -> None:
    halving = short_term(
        "Halving", params=[], states=[State("x", 1.0, "", "what is left")], elapse=stays, release=half, spike=half
    )
    net = Network(dt=0.1)
    x, e = net.population("x", Poisson(rate=1.0), 1), net.population("e", LIF(), 2)
    given = {"weight": 0.5, "delay": 1.0, "receptor": CURRENT}
    net.project(x, e, AllToAll(), **given, short_term=halving(), name="a")
    net.project(x, e, AllToAll(), **given, short_term=TsodyksMarkram(), plasticity=PairSTDP(), name="b")
    net.project(x, e, AllToAll(), **given, short_term=TsodyksMarkram(), plasticity=DiehlCook(), name="c")
    assert missing(net) == [
        "projection 'a': NEST has no Halving",
        "projection 'b': NEST has no synapse with both TsodyksMarkram and PairSTDP",
        "projection 'c': NEST has no DiehlCook",
    ]


def test_noise_and_gap_junctions_that_nest_has_not() -> None:
    net = Network(dt=0.1, seed=1)
    x, e, f = net.population("x", Poisson(rate=1.0), 1), net.population("e", LIF(), 4), net.population("f", TraubMiles(), 4)
    net.project(x, f, AllToAll(), weight=1.0, delay=1.0, receptor=OPEN)
    net.noise(e, sigma=1.0, tau=5.0)
    net.gap_junctions(e, f, AllToAll(), conductance=1.0)
    couples = "NEST couples TraubMiles with BiExponential or Alpha conductances"
    assert missing(net) == [
        f"population 'e': {couples}, not LIF", f"population 'f': {couples}, not TraubMiles with Exponential conductances",
        "noise 'noise->e': NEST has no Ornstein-Uhlenbeck currents, for its noise_generator has no time constant",
    ]  # fmt: skip


def test_a_jump_needs_no_delay() -> None:
    """NEST's membrane jumps at the end of a step, ours at its start: one step is there already."""
    net = Network(dt=0.1)
    x = net.population("x", SpikeTimes([1.0], [0]), 1)
    e, f = net.population("e", LIF(), 1), net.population("f", LIF(), 1)
    net.project(x, e, OneToOne(), weight=100.0, receptor=Delta())
    net.project(e, f, OneToOne(), weight=100.0, receptor=Delta())
    assert missing(net) == different(net) == []
    for engine in ("reference", "nest"):
        run = net.build(engine).run(2.0)
        assert [run[p].spikes.times.round(9).tolist() for p in "xef"] == [[1.0], [1.1], [1.2]]


def test_what_differs_is_told() -> None:
    net = Network(dt=0.1)
    x, y = net.population("x", Poisson(rate=10.0), 2), net.population("y", SpikeTimes([1.0], [0]), 1)
    e, h = net.population("e", LIF(integrator="euler"), 2), net.population("h", TraubMiles(), 2)
    z, a = net.population("z", Izhikevich(), 2), net.population("a", LIF(), 2)
    net.project(x, e, AllToAll(), weight=0.5, delay=1.0, receptor=CURRENT, plasticity=PairSTDP(pairing="nearest"))
    net.project(y, h, AllToAll(), weight=0.5, receptor=OPEN)
    net.project(y, z, AllToAll(), weight=0.5, receptor=Delta())
    for tau in (1.0, 2.0, 3.0):
        net.project(y, a, AllToAll(), weight=0.5, delay=0.5, receptor=Alpha(tau=tau, e_rev=0.0))
    lines = [
        "population 'e' (iaf_psc_exp): stepped by exact propagation, not by euler",
        "population 'h' (hh_cond_exp_traub): a spike is stamped where v falls after its peak, above v_t + 30 mV, and not where it "
        "rises through v_th",
        "population 'h' (hh_cond_exp_traub): t_ref is 2 ms, or NEST would notice the falling spike twice",
        "population 'h' (hh_cond_exp_traub): stepped by adaptive Runge-Kutta to 1e-3 mV a step, not by strang",
        "population 'z' (izhikevich): a jump to v_peak or beyond fires at its arrival, a step earlier, and one that arrives with a "
        "spike is reset away",
        "population 'z' (izhikevich): stepped by forward Euler, not by rk4",
        "population 'a' (aeif_cond_alpha_multisynapse): the membrane is reset within the step of a spike, not at its end",
        "population 'a' (aeif_cond_alpha_multisynapse): stepped by adaptive Runge-Kutta to 1e-6 mV a step, not by "
        "exponential_euler",
        "projection 'x->e' (stdp_nn_symm_synapse): a postsynaptic spike less than 2 steps before an arrival counts as after it",
        "projection 'x->e' (stdp_nn_symm_synapse): a postsynaptic spike changes the weight when the next spike arrives",
        "projection 'x->e' (stdp_nn_symm_synapse): a spike is sent with the weight after its own depression",
        "projection 'x->e' (stdp_nn_symm_synapse): postsynaptic spikes before the first arrival count as if one had come at t = 0",
        "population 'x' (poisson_generator): two spikes of a cell may fall into one step",
        "population 'x' (poisson_generator): a rate that is set while it runs acts 1 step later",
        "population 'y': spikes that are given while it runs must be at least 2 steps ahead",
    ]
    assert missing(net) == []
    assert different(net) == lines
    assert net.build("nest").describe().splitlines()[-len(lines) :] == [f"differs: {line}" for line in lines]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"connectivity": "theirs"}, "build, connectivity: must be one of 'ours', 'nest' (got 'theirs')"),
        ({"connectivity": None}, "build, connectivity: must be one of 'ours', 'nest' (got None)"),
        ({"threads": 0}, "build, threads: must be a whole number >= 1 (got 0)"),
        ({"threads": 1.5}, "build, threads: must be a whole number >= 1 (got 1.5)"),
        ({"threads": True}, "build, threads: must be a whole number >= 1 (got True)"),
        ({"precision": "float32"}, "build, engine 'nest': has no such option (got precision); known: connectivity, threads"),
    ],
)
def test_options_that_are_none(options: dict[str, Any], said: str) -> None:
    with pytest.raises(EngineError) as caught:
        net_of(LIF()).build("nest", **options)
    assert str(caught.value) == said


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (None, """build, engine 'nest': needs NEST; pip install "maichong[nest]\""""),
        ("3.8.1", """build, engine 'nest': needs NEST 3.10 or newer (got 3.8.1); pip install "maichong[nest]\""""),
    ],
)
def test_nest_is_not_there_or_too_old(found: str | None, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    class Old:
        __version__ = found

    monkeypatch.setitem(sys.modules, "nest", Old if found else None)
    with pytest.raises(EngineError) as caught:
        net_of(LIF()).build("nest")
    assert str(caught.value) == said


def test_what_nest_refuses_is_told_in_its_words() -> None:
    made = kernel.Kernel(0.1, 1, 1, 1)
    with pytest.raises(EngineError) as caught, made.telling("build, engine 'nest'"):
        made.nest.Create("iaf_psc_exp", 1, {"tau_m": -1.0})
    assert str(caught.value).startswith(
        "build, engine 'nest': NEST refuses (got Setting status of a 'iaf_psc_exp' with node ID 1"
    )


def test_nest_loads_when_a_network_is_built_on_it_and_prints_nothing() -> None:
    code = """
import sys
from maichong import LIF, Network
from maichong.engines.nest import missing
net = Network(dt=0.1)
net.population("e", LIF(), 1, drive=1000.0)
missing(net)
assert "nest" not in sys.modules
run = net.build("nest").run(5.0)
assert run["e"].spikes.times.round(9).tolist() == [4.8]
"""
    done = subprocess.run([sys.executable, "-c", code, "--help"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert ENGINES["nest"] == ("maichong.engines.nest", "Nest")


def test_delays_and_weights_that_are_drawn_are_no_matter() -> None:
    assert missing(net_of(LIF(), OPEN, weight=Uniform(0, 1), delay=Uniform(0.1, 2))) == []
