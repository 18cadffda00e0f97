"""Escape noise: the law of intervals against quadrature, the hard threshold as its limit, engines against each other."""

from __future__ import annotations

import json
import pickle
import re
import warnings
from typing import Any

import numpy as np
import pytest
from scipy import stats
from scipy.integrate import quad
from scipy.optimize import brentq

from maichong import (
    LIF,
    AdaptiveLIF,
    AllToAll,
    Delta,
    Escape,
    Exponential,
    FixedProbability,
    HodgkinHuxley,
    HomeostaticThreshold,
    Network,
    NeuronModel,
    OneToOne,
    Poisson,
    Theta,
    resume,
)
from maichong.engines.forecast import shares
from maichong.engines.nest import missing
from maichong.errors import MaichongError, NetworkError, ParameterError, UnitError
from maichong.spec.escape import HAZARDS, chance

BASE = LIF(tau_m=10.0, c_m=10.0, v_rest=0.0, v_r=0.0, v_th=1.0)  # R = 1
SOFT = Escape(rho_0=0.1, delta_u=0.2)


def first_two(model: Any, n: int, duration: float, *, dt: float, drive: float, engine: str) -> np.ndarray:
    """The stamps, in steps, of the first two spikes of each neuron, [n, 2]."""
    net = Network(dt=dt, seed=4)
    net.population("cells", model, n, drive=drive)
    spikes = net.build(engine).run(duration)["cells"].spikes
    order = np.lexsort((spikes.times, spikes.ids))
    ids, stamps = spikes.ids[order], np.rint(spikes.times[order] / dt).astype(int)
    begin = np.searchsorted(ids, np.arange(n))
    assert (ids[begin + 1] == np.arange(n)).all(), "two spikes of each: what ends too early would favour short intervals"
    return np.stack([stamps[begin], stamps[begin + 1]], axis=1)


# the law of intervals ------------------------------------------------------------------------------------------------------


def test_a_constant_hazard_makes_a_poisson_process_with_a_dead_time() -> None:
    """p = 1 - exp(-0.02) = 0.0198013267 a step, not 0.02; intervals less the dead time are geometric, which are Exp in steps."""
    p = -np.expm1(-0.02)
    assert p == pytest.approx(0.0198013267, abs=5e-11)
    n, dead = 3000, 5
    cells = LIF(v_rest=-50.0, v_r=-50.0, v_th=-50.0, t_ref=float(dead), escape=Escape(rho_0=0.02, delta_u=1.0))
    stamps = first_two(cells, n, 1300.0, dt=1.0, drive=0.0, engine="reference")
    for steps in (stamps[:, 0], stamps[:, 1] - stamps[:, 0] - dead):
        assert steps.min() >= 1
        assert abs(steps.mean() - 1 / p) < 4 * np.sqrt(1 - p) / p / np.sqrt(n)
        # the standard deviation of a geometric number is sqrt(1 - p) / p; a CV estimated from n of them strays by about 1 / sqrt(n)
        assert abs(steps.std() / steps.mean() - np.sqrt(1 - p)) < 4 / np.sqrt(n)
        within = np.random.default_rng(1).random(n) * p  # Exp cut to a step: the law of where in it the spike would have been
        assert stats.kstest(steps - 1 - np.log1p(-within) / 0.02, stats.expon(scale=50.0).cdf).pvalue > 1e-3


def cumulated(t: float, delta_u: float = 0.2) -> float:
    """The integral of the hazard of a LIF that relaxes from 0 towards 0.8 under the threshold 1."""
    return quad(lambda s: 0.1 * np.exp((-0.8 * np.expm1(-s / 10.0) - 1.0) / delta_u), 0.0, t, epsabs=1e-12, limit=200)[0]


def test_intervals_of_a_leaky_cell() -> None:
    """Mean 44.517314 and median 37.604920 ms, by quadrature; on a grid the mean is the sum of the survivors at its points.

    Where in its step a spike would have been is drawn from its own law, which makes rescaled intervals exactly Exp(1) (Haslinger,
    Pipa & Brown 2010, doi:10.1162/NECO_a_00015).
    """
    dt, n = 0.1, 3000
    mean = quad(lambda t: np.exp(-cumulated(t)), 0.0, 900.0, limit=200, epsabs=1e-8)[0]
    assert mean == pytest.approx(44.517314, abs=1e-6)
    assert brentq(lambda t: cumulated(t) - np.log(2.0), 1.0, 100.0) == pytest.approx(37.604920, abs=1e-6)
    stamps = first_two(BASE.replace(escape=SOFT), n, 900.0, dt=dt, drive=0.8, engine="events")
    # the trapezoid on a grid fifty times finer, which quad agrees with to 1e-9
    fine = np.arange(45 * 10**4 + 1) * dt / 50
    rho = 0.1 * np.exp((-0.8 * np.expm1(-fine / 10.0) - 1.0) / 0.2)
    rescaled = np.concatenate([[0.0], np.cumsum((rho[1:] + rho[:-1]) * dt / 100)])[::50]
    assert rescaled[400] == pytest.approx(cumulated(40.0), rel=1e-6)
    on_grid = dt * np.exp(-rescaled).sum()
    assert on_grid == pytest.approx(mean + dt / 2, abs=1e-3)
    for steps in (stamps[:, 0], np.diff(stamps)[:, 0]):
        assert abs(dt * steps.mean() - on_grid) < 4 * dt * steps.std() / np.sqrt(n)
        assert abs(np.mean(dt * steps <= 37.604920) - 0.5) < 4 * 0.5 / np.sqrt(n)
        low, high = np.exp(-rescaled[steps]), np.exp(-rescaled[steps - 1])
        z = -np.log(low + (high - low) * np.random.default_rng(2).random(n))
        assert stats.kstest(z, "expon").pvalue > 1e-3


def test_the_trapezoid_is_of_order_two() -> None:
    """What the steps add up to, against the integral."""
    missed = []
    for dt in (2.0, 1.0, 0.5):
        x = -0.8 * np.expm1(-np.arange(0.0, 8.0 + dt / 2, dt) / 10.0) - 1.0
        rho = HAZARDS["exponential"](x, 0.1, 0.2)
        missed.append(-np.log1p(-chance(rho[:-1], rho[1:], dt)).sum() - cumulated(8.0))
    assert 3.9 < missed[0] / missed[1] < 4.1
    assert 3.95 < missed[1] / missed[2] < 4.05


def test_the_hazards() -> None:
    """Cells that stand still above and below the threshold fire as often as the three formulas say."""
    x, each, steps = np.array([-2.0, -0.5, 0.0, 0.5, 2.0]), 400, 100
    known = {
        "exponential": 0.05 * np.exp(x / 0.8), "linear": 0.05 * np.clip(x, 0.0, None) / 0.8,
        "sigmoid": 0.05 / (1 + np.exp(-x / 0.8)),
    }  # fmt: skip
    net = Network(dt=1.0, seed=2)
    for hazard in known:
        cells = BASE.replace(v_th=np.repeat(-x, each), escape=Escape(0.05, 0.8, hazard))
        net.population(hazard, cells, x.size * each)
    run = net.build("reference").run(float(steps))
    for hazard, rho in known.items():
        p, found = -np.expm1(-rho), run[hazard].counts.reshape(x.size, each).mean(axis=1) / steps
        assert (np.abs(found - p) <= 4.5 * np.sqrt(p * (1 - p) / (each * steps))).all(), hazard


# limits --------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("hazard", HAZARDS)
def test_a_hard_threshold_is_the_limit(hazard: str) -> None:
    drive = np.linspace(0.5, 3.0, 40)
    net = Network(dt=0.1, seed=1)
    net.population("hard", BASE.replace(t_ref=2.0), 40, drive=drive)
    net.population("soft", BASE.replace(t_ref=2.0, escape=Escape(1e4, 1e-12, hazard)), 40, drive=drive)
    run = net.build("reference").run(60.0)
    assert run["hard"].counts.sum() > 100
    assert np.array_equal(run["soft"].spikes.times, run["hard"].spikes.times)
    assert np.array_equal(run["soft"].spikes.ids, run["hard"].spikes.ids)


def test_a_soft_reset_keeps_what_is_above_and_none_keeps_all() -> None:
    """v falls by v_th - v_r, wherever it was; without a reset, and without a leak to speak of, it is what it was."""
    net = Network(dt=1.0, seed=1)
    for reset in ("soft", "none"):
        cells = BASE.replace(tau_m=1e12, reset=reset, escape=Escape(0.2, 1e9))
        net.population(reset, cells, 200, init={"v": 5.0})
    run = net.build("reference").run(5.0)
    assert run["soft"].counts.sum() > 100
    assert run["soft"]["v"] == pytest.approx(5.0 - run["soft"].counts, abs=1e-9)
    assert run["none"]["v"] == pytest.approx(5.0, abs=1e-9)


def test_a_membrane_that_has_diverged_does_not_fire(engine: str) -> None:
    net = Network(dt=0.1, seed=4)
    net.population("cells", BASE.replace(escape=SOFT), 3, drive=0.8)
    run = net.build(engine)
    run._backend.set_state(0, "v", np.array([0.0, np.nan, 1e300]))  # from outside only finite numbers come in
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # it says that a neuron has diverged
        counts = run.run(5.0)["cells"].counts
    assert counts[1] == 0
    assert counts[2] >= 1


# engines, threads, checkpoints ---------------------------------------------------------------------------------------------


def scene() -> Network:
    """Two hazards, both resets, a dead time, currents that arrive."""
    net = Network(dt=0.1, seed=6)
    a = net.population("a", BASE.replace(escape=SOFT), 100, drive=0.8)
    b = net.population("b", LIF(t_ref=2.0, reset="soft", escape=Escape(0.5, 0.3, "sigmoid")), 100, drive=370.0)
    net.project(a, b, FixedProbability(0.2), weight=5.0, receptor=Exponential(), delay=0.5)
    return net


def rich_scene() -> Network:
    """Adaptation, an intrinsic rule that moves the threshold, jumps of the membrane."""
    net = Network(dt=0.1, seed=6)
    x = net.population("x", Poisson(rate=200.0), 10)
    cells = AdaptiveLIF(t_ref=2.0, escape=Escape(0.5, 0.3, "linear"))
    b = net.population("b", cells, 100, drive=370.0, plasticity=HomeostaticThreshold())
    net.project(x, b, AllToAll(), weight=1.0, receptor=Delta())
    net.project(b, b, FixedProbability(0.1), weight=-5.0, receptor=Exponential(), delay=1.0)
    return net


def agree(make: Any, path: Any) -> None:
    known = make().build("reference").run(60.0)
    one, two = (make().build("events", threads=threads).run(60.0) for threads in (1, 2))
    cut = resume(make().build("events", threads=2).run(23.3).save(path)).run(36.7)
    again = resume(make().build("reference").run(23.3).save(path)).run(36.7)
    for name in make().populations:
        assert known[name].counts.sum() > 50
        for other in (one, again):
            assert np.array_equal(other[name].spikes.times, known[name].spikes.times)
            assert np.array_equal(other[name].spikes.ids, known[name].spikes.ids)
        if make().populations[name].is_neuron:
            assert one[name]["v"] == pytest.approx(known[name]["v"], rel=1e-10)
    for other in (two, cut):
        for key, value in one.snapshot().items():
            assert np.array_equal(value, other.snapshot()[key]), key


def test_engines_and_threads_agree(tmp_path: Any) -> None:
    agree(scene, tmp_path / "run.npz")


@pytest.mark.slow
def test_engines_and_threads_agree_on_adaptation_and_jumps(tmp_path: Any) -> None:
    agree(rich_scene, tmp_path / "run.npz")


def test_a_neuron_from_equations_has_it_too() -> None:
    cell = NeuronModel.from_equations(
        "dv/dt = (v_rest - v + R*I) / tau_m : mV", threshold="v > v_th", reset="v = v_r", inputs={"I": "pA"}, init={"v": "v_r"},
        params={"tau_m": "10 ms", "R": "1 Gohm", "v_rest": "0 mV", "v_th": "1 mV", "v_r": "0 mV"}, name="Mine",
    )  # fmt: skip
    net, other = Network(dt=0.1, seed=3), Network(dt=0.1, seed=3)
    net.population("cells", cell(escape=Escape(0.1, "0.2 mV")), 100, drive=0.8)
    other.population("cells", BASE.replace(escape=SOFT), 100, drive=0.8)
    counts = net.build("reference").run(60.0)["cells"].counts
    assert np.array_equal(counts, other.build("reference").run(60.0)["cells"].counts)
    assert counts.sum() > 50
    assert Network.from_dict(json.loads(json.dumps(net.to_dict()))).to_dict() == net.to_dict()


def test_populations_seeds_and_neurons_draw_for_themselves() -> None:
    counts = {}
    for seed in (1, 2):
        net = Network(dt=1.0, seed=seed)
        for name in "ab":
            net.population(name, BASE.replace(v_th=0.0, escape=Escape(0.3, 1.0)), 2000)
        run = net.build("reference").run(50.0)
        counts |= {(name, seed): run[name].counts.astype(float) for name in "ab"}
    a = counts["a", 1]
    for x, y in ((a, counts["b", 1]), (a, counts["a", 2]), (a[1:], a[:-1])):
        assert abs(np.corrcoef(x, y)[0, 1]) < 4 / np.sqrt(x.size)


@pytest.mark.slow
def test_float32_and_gap_junctions() -> None:
    double, single = (scene().build("events", precision=p).run(60.0)["a"].counts for p in ("float64", "float32"))
    assert (double != single).mean() < 0.02
    spikes = []
    for engine in ("reference", "events"):
        net = Network(dt=0.1, seed=6)
        cells = net.population("cells", BASE.replace(escape=SOFT), 40, drive=0.8)
        net.gap_junctions(cells, cells, OneToOne(), conductance=0.0, name="none")
        net.gap_junctions(cells, cells, FixedProbability(0.2), conductance=0.05, name="some")
        spikes.append(net.build(engine).run(100.0)["cells"].spikes)
    assert np.array_equal(spikes[0].times, spikes[1].times)
    assert np.array_equal(spikes[0].ids, spikes[1].ids)


# the description -----------------------------------------------------------------------------------------------------------


def test_it_is_part_of_the_model_and_survives_files(tmp_path: Any) -> None:
    cell = LIF(tau_m=20.0, escape=Escape("1.238 Hz", "4 mV"))
    assert cell["escape"] == Escape(rho_0=0.001238, delta_u=4.0)
    assert repr(cell) == "LIF(tau_m=20.0, escape=Escape(rho_0=0.001238, delta_u=4.0, hazard='exponential'))".replace(
        "0.001238", repr(cell["escape"].rho_0)
    )
    assert cell != LIF(tau_m=20.0)
    assert cell.replace(escape="none") == LIF(tau_m=20.0)
    assert hash(cell) == hash(LIF(tau_m=20.0, escape=Escape("1.238 Hz", 4.0)))
    assert LIF().to_dict() == {"model": "LIF"}
    assert pickle.loads(pickle.dumps(cell["escape"])) == cell["escape"]
    net = Network()
    net.population("cells", cell, 3)
    net.population("others", Theta(escape=Escape(0.1, 0.2, "sigmoid")), 3)
    assert Network.from_dict(json.loads(json.dumps(net.to_dict()))) == net
    for name in ("net.json", "net.npz"):
        assert Network.load(net.save(tmp_path / name)) == net


def test_damaged_files() -> None:
    net = Network()
    net.population("cells", LIF(escape=SOFT), 3)
    for entry in ({"hazard": "exponential"}, {"hazard": "linear", "rho_0": 1.0, "delta_u": 1.0, "more": 2}):
        data = net.to_dict()
        data["populations"][0]["model"]["escape"] = entry
        with pytest.raises(NetworkError, match=r"the data must be what Network\.to_dict wrote"):
            Network.from_dict(data)


def test_the_plan_and_the_forecast_tell_of_it() -> None:
    assert "a: v exact; spikes by chance, drawn once a step" in scene().build("reference").describe()
    sizes = []
    for model in (BASE, BASE.replace(escape=SOFT)):
        net = Network()
        net.population("cells", model, 1024)
        sizes.append(shares(net)[0].bytes)
    assert sizes[1] - sizes[0] == 1024 * 4 * 4


def bad(message: str, make: Any, kind: type = ParameterError) -> Any:
    return pytest.param(make, message, kind, id=message[:70])


@pytest.mark.parametrize(
    ("make", "message", "kind"),
    [
        bad("Escape.rho_0: must be a finite number > 0 1/ms (got 0)", lambda: Escape(0.0, 1.0)),
        bad("Escape.rho_0: must be a finite number > 0 1/ms (got inf)", lambda: Escape(np.inf, 1.0)),
        bad("Escape.rho_0: must be in 1/ms (got '1 millivolt', which is in millivolt)", lambda: Escape("1 mV", 1.0), UnitError),
        bad("Escape.rho_0: must be one number for all neurons (got an array of shape (2,))", lambda: Escape([1.0, 2.0], 1.0)),
        bad("Escape.delta_u: must be a finite number > 0 (got -1)", lambda: Escape(1.0, -1.0)),
        bad("Escape.delta_u: must be a number in units of 1 (got None)", lambda: Escape(1.0, None)),
        bad(
            "Escape.hazard: must be one of 'exponential', 'linear', 'sigmoid' (got 'exponental'); did you mean 'exponential'?",
            lambda: Escape(1.0, 1.0, "exponental"),
        ),
        bad(
            "LIF.escape, delta_u: must be in mV (got '2 millisecond', which is in millisecond)",
            lambda: LIF(escape=Escape(1.0, "2 ms")), UnitError,
        ),
        bad("LIF.escape, delta_u: must be a finite number > 0 mV (got -2)", lambda: LIF(escape=Escape(1.0, "-2 mV"))),
        bad(
            "LIF.escape: must be one of 'none', Escape(rho_0=..., delta_u=...) (got 0.1)",
            lambda: LIF(escape=0.1),
        ),
        bad(
            "HodgkinHuxley.escape: is for neurons that a spike resets (got Escape(rho_0=0.1, delta_u=0.2, "
            "hazard='exponential')); leave escape out: the flow of HodgkinHuxley makes the whole spike, and net.noise() makes its "
            "times random",
            lambda: HodgkinHuxley(escape=SOFT),
        ),
        bad(
            "LIF.escape: draws whether there is a spike once a step, and cannot say where in it (got spike_times='exact'); "
            "use spike_times='grid'",
            lambda: LIF(escape=SOFT, spike_times="exact"),
        ),
        bad(
            "LIF.escape: draws spikes, and the integrator 'ode' locates them where the threshold is crossed (got "
            "integrator='ode'); use 'auto'",
            lambda: LIF(escape=SOFT, integrator="ode"),
        ),
    ],
)  # fmt: skip
def test_what_cannot_be(make: Any, message: str, kind: type) -> None:
    with pytest.raises(MaichongError) as caught:
        make()
    assert str(caught.value) == message
    assert type(caught.value) is kind


def test_layers_and_nest_refuse_it() -> None:
    net = Network()
    net.population("cells", LIF(escape=SOFT), 3)
    assert [line for line in missing(net) if "escape" in line] == [
        "population 'cells' (iaf_psc_delta): it fires at its threshold, and escape noise is not handed over to NEST's "
        "pp_psc_delta or gif models"
    ]
    pytest.importorskip("torch")
    from maichong.nn import Spiking

    said = (
        "Spiking, LIF: fires at its threshold here, not by chance (got escape=Escape(rho_0=0.1, delta_u=0.2, "
        "hazard='exponential')); leave escape out: the surrogate is the slope of a soft threshold already"
    )
    with pytest.raises(MaichongError, match=re.escape(said)):
        Spiking(LIF(escape=SOFT))
