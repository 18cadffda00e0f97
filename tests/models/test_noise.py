"""Noise currents: their law, what they do to a membrane, how often neurons fire under them; engines against each other."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from numba import njit
from scipy import stats
from scipy.integrate import quad
from scipy.special import erfcx, ndtri, zeta

from maichong import (
    LIF,
    Delta,
    ExplicitList,
    Exponential,
    FixedProbability,
    Izhikevich,
    LogNormal,
    Network,
    Normal,
    OneToOne,
    Poisson,
    TraubMiles,
    Uniform,
    resume,
)
from maichong.engines.events.gauss import gauss32
from maichong.engines.forecast import shares
from maichong.errors import MaichongError

N = 20_000


def network(n: int = N, *, dt: float = 0.1, seed: int = 1, names: tuple[str | None, ...] = (None,), **values: Any) -> Network:
    """Membranes that never fire, each with a noise current."""
    net = Network(dt=dt, seed=seed)
    net.population("cells", LIF(tau_m=10.0, c_m=100.0, v_rest=0.0, v_r=0.0, v_th=1e6), n)
    for name in names:
        net.noise("cells", **{"sigma": 40.0, "tau": 5.0, **values}, name=name)
    return net


def current(run: Any, name: str = "noise->cells") -> np.ndarray:
    return run["cells"][f"{name}.i"]


# the law of the current ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("precision", "dt"), [("float64", 0.1), ("float32", 0.1), ("float64", 20.0)])
def test_mean_deviation_and_autocorrelation(precision: str, dt: float) -> None:
    """Normal from the start, at every time; correlated with its past as exp(-t / tau), on a coarse grid too."""
    run = network(dt=dt, mean=-30.0).build("events", precision=precision)
    first = current(run)
    for steps in (1, 50, 400):
        now = current(run.run(steps * dt))
        for values in (first, now):
            z = (values + 30.0) / 40.0
            assert abs(z.mean()) < 4 / np.sqrt(N)
            assert abs(z.std() - 1) < 4 / np.sqrt(2 * N)
            assert stats.kstest(z, "norm").pvalue > 1e-3
        rho = np.exp(-steps * dt / 5.0)
        assert abs(np.corrcoef(first, now)[0, 1] - rho) < 4 * (1 - rho**2) / np.sqrt(N) + 1e-6
        first = now


def test_neurons_currents_and_seeds_are_independent() -> None:
    run, other = (network(seed=seed, names=("a", "b")).build("events").run(30.0) for seed in (1, 2))
    a, b = current(run, "a"), current(run, "b")
    for x, y in ((a, b), (a, current(other, "a")), (a[1:], a[:-1]), (a[: N // 2], a[N // 2 :])):
        assert abs(np.corrcoef(x, y)[0, 1]) < 4 / np.sqrt(x.size)


def test_each_neuron_has_its_own_numbers() -> None:
    """Deviations, means and time constants that differ, judged in the course of time by their own stationary laws."""
    sigma, tau, mean = np.linspace(0.0, 50.0, 40), np.geomspace(0.5, 20.0, 40), np.linspace(-100, 100, 40)
    net = network(40, sigma=sigma, tau=tau, mean=mean)
    net.probe("cells", "noise->cells.i")
    values = net.build("events").run(5000.0)["cells"].samples("noise->cells.i").values
    assert (values[:, 0] == -100.0).all()
    # an estimate from T ms has T / (2 tau) independent values for a mean, T / tau for a variance
    assert (np.abs(values.mean(axis=0) - mean) <= 4.5 * sigma * np.sqrt(2 * tau / 5000.0)).all()
    found = values[:, 1:].std(axis=0) / sigma[1:]
    assert (np.abs(found - 1) < 4.5 * np.sqrt(tau[1:] / 5000.0) + tau[1:] / 5000.0).all()


def test_numbers_may_be_drawn_and_have_units() -> None:
    given = network(100, sigma="0.04 nA", tau="0.005 s", mean="-1 pA").noises["noise->cells"]
    assert (given.sigma, given.tau, given.mean) == (pytest.approx(40.0), pytest.approx(5.0), -1.0)
    drawn = network(100, sigma=Uniform(1.0, 2.0), tau=LogNormal(1.0, 0.5, low=0.5), mean=Normal(0.0, 1.0)).build("reference")
    entry = drawn.plan.noises[0]
    assert all(np.unique(value).size == 100 for value in (entry.mean, entry.kick, entry.pull))


# random words become normal numbers ----------------------------------------------------------------------------------------


@njit(error_model="numpy", fastmath={"contract", "arcp", "nsz"})
def of_words(words, found):
    for j in range(words.size):
        found[j] = gauss32(words[j])


def test_the_float32_quantile_is_scipy_s() -> None:
    ends = np.arange(50_000)
    words = np.concatenate(
        [ends, 2**32 - 1 - ends, 2**31 - 25_000 + ends, np.random.default_rng(0).integers(0, 2**32, 500_000)]
    )
    found = np.empty(words.size, np.float32)
    of_words(words.astype(np.uint32), found)
    known = ndtri((words + 0.5) / 2.0**32)
    assert (np.abs(found - known) < 5e-7 * np.abs(known)).all()
    assert found[:50_000].tolist() == (-found[50_000:100_000]).tolist(), "the law is even"


# what it does to a membrane ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("tau", "dt"), [(5.0, 0.1), (1.0, 0.5), (10.0, 2.0)])
def test_the_variance_of_the_free_membrane(engine: str, tau: float, dt: float) -> None:
    """sigma^2 R^2 tau / (tau + tau_m) as dt -> 0; exactly that of v' = A v + (1 - A) R I with a current held within a step."""
    n = N if engine == "events" else 4000
    v = network(n, dt=dt, tau=tau).build(engine).run(80.0)["cells"]["v"]
    keep, stay, goal = np.exp(-dt / 10.0), np.exp(-dt / tau), 0.1 * 40.0
    held = goal**2 * (1 - keep) ** 2 * (1 + keep * stay) / ((1 - keep**2) * (1 - keep * stay))
    # begun at rest: of its variance, so much is missing still
    assert v.var() == pytest.approx(held, rel=4 * np.sqrt(2 / n) + 2 * np.exp(-8.0))
    if dt == 0.1:
        assert held == pytest.approx(goal**2 * tau / (tau + 10.0), rel=2e-3)


def siegert(mean: float, sigma: float, shift: float, tau: float = 20.0) -> float:
    """The rate in Hz of a LIF with v_r = 10, v_th = 20, t_ref = 2 under white noise, its boundaries moved by ``shift``."""
    low, high = (10.0 + shift - mean) / sigma, (20.0 + shift - mean) / sigma
    return 1000.0 / (2.0 + tau * np.sqrt(np.pi) * quad(lambda u: erfcx(-u), low, high)[0])


def euler_maruyama(goal: float, sigma: float, tau: float, n: int, duration: float, dt: float) -> float:
    """The rate of the same cells by a plain loop with a generator of NumPy's, in small steps."""
    rng, v, noise, free, count = np.random.default_rng(7), np.full(n, 10.0), np.zeros(n), np.zeros(n), 0
    for step in range(round(duration / dt)):
        v = np.where(step >= free, v + dt / 20.0 * (goal - v + noise), v)
        noise += -dt / tau * noise + sigma * np.sqrt(2 * dt / tau) * rng.standard_normal(n)
        fired = v >= 20.0
        v[fired], free[fired] = 10.0, step + 1 + round(2.0 / dt)
        count += fired.sum() if step * dt >= 100.0 else 0
    return 1000.0 * count / n / (duration - 100.0)


def test_rates_in_the_diffusion_limit() -> None:
    """White noise of 5 mV fires this cell at 9.46 Hz (Siegert [N]). A current that remembers for tau moves both boundaries by
    sigma sqrt(tau / tau_m) |zeta(1/2)| / sqrt(2) (Fourcaud & Brunel 2002, doi:10.1162/089976602320264015), to first order."""
    assert siegert(15.0, 5.0, 0.0) == pytest.approx(9.4608, abs=1e-4)
    cells = LIF(tau_m=20.0, c_m=20.0, v_rest=0.0, v_r=10.0, v_th=20.0, t_ref=2.0)  # R = 1 mV / pA
    found = {}
    for tau in (0.25, 1.0):
        sigma = 5.0 * np.sqrt(20.0 / (2 * tau))
        net = Network(dt=0.05, seed=3)
        net.population("cells", cells, 4000, drive=15.0, init={"v": 10.0})
        net.noise("cells", sigma=sigma, tau=tau)
        run = net.build("events").run(100.0)
        before = run["cells"].counts.sum()
        count = run.run(500.0)["cells"].counts.sum() - before
        found[tau] = count / 4000 / 0.5
        shift = 5.0 * np.sqrt(tau / 20.0) * abs(zeta(0.5)) / np.sqrt(2.0)
        assert found[tau] == pytest.approx(siegert(15.0, 5.0, shift), rel=0.03 if tau < 1 else 0.06)
    sigma = 5.0 * np.sqrt(10.0)
    judge = euler_maruyama(15.0, sigma, 1.0, 2000, 400.0, 0.02)
    assert found[1.0] == pytest.approx(judge, rel=4 * np.sqrt(1 / (judge * 600) + 1 / (judge * 2000)))


# engines, threads, checkpoints ---------------------------------------------------------------------------------------------


def scene() -> Network:
    """Exact, exponential Euler, RK4 and Strang populations under noise, some with two currents, one with conductances."""
    n = 60
    net = Network(dt=0.1, seed=5)
    a = net.population("a", LIF(tau_m=10.0, c_m=100.0), n, drive=140.0)
    b = net.population("b", LIF(t_ref=2.0), n, drive=100.0)
    c = net.population("c", Izhikevich(), n, drive=3.0)
    net.noise(a, sigma=np.linspace(0, 100, n), tau=3.0)
    net.noise(a, sigma=30.0, tau=Uniform(10, 50), mean=5.0, name="slow")
    net.noise(b, sigma=300.0, tau=np.linspace(1, 9, n), mean=Normal(10.0, 3.0))
    net.noise(c, sigma=5.0, tau=2.0)
    net.project(a, b, FixedProbability(0.2), weight=2.0, receptor=Exponential(e_rev=0.0), delay=1.0)
    net.project(b, c, OneToOne(), weight=1.0, receptor=Delta())
    return net


def test_engines_and_threads_agree(tmp_path: Any) -> None:
    known = scene().build("reference").run(80.0)
    one, two = (scene().build("events", threads=threads).run(80.0) for threads in (1, 2))
    cut = resume(scene().build("events", threads=2).run(33.3).save(tmp_path / "run.npz")).run(46.7)
    for name in "abc":
        assert known[name].counts.sum() > 50
        assert np.array_equal(one[name].spikes.times, known[name].spikes.times)
        assert np.array_equal(one[name].spikes.ids, known[name].spikes.ids)
        assert one[name]["v"] == pytest.approx(known[name]["v"], rel=1e-10)
    for name in ("noise->a", "slow"):
        assert one["a"][f"{name}.i"] == pytest.approx(known["a"][f"{name}.i"], rel=1e-10, abs=1e-9)
    for other in (two, cut):
        for key, value in one.snapshot().items():
            assert np.array_equal(value, other.snapshot()[key]), key


def test_coupled_cells_feel_each_other_s_noise() -> None:
    """Two equal cells by a gap junction: their sum knows nothing of it, their difference decays with tau_m / (1 + 2 g / g_leak)."""
    n = 4000
    runs = []
    for engine, count in (("events", n), ("reference", 200)):
        net = network(2 * count, tau=5.0)
        half = np.arange(count)
        net.gap_junctions("cells", "cells", ExplicitList(half, half + count), conductance=10.0)
        runs.append(net.build(engine).run(80.0))
    v = runs[0]["cells"]["v"].reshape(2, n)
    goal, tau = 4.0, 5.0
    for values, membrane in ((v[0] + v[1], 10.0), (v[0] - v[1], 10.0 / 3.0)):
        expected = 2 * (goal * membrane / 10.0) ** 2 * tau / (tau + membrane)
        assert values.var() == pytest.approx(expected, rel=4 * np.sqrt(2 / n) + 2e-3)
    fewer = network(400, tau=5.0)
    fewer.gap_junctions("cells", "cells", ExplicitList(np.arange(200), np.arange(200) + 200), conductance=10.0)
    assert fewer.build("events").run(80.0)["cells"]["v"] == pytest.approx(runs[1]["cells"]["v"], rel=1e-7, abs=1e-9)


def test_float32_is_near() -> None:
    double, single = (network(2000).build("events", precision=precision).run(50.0) for precision in ("float64", "float32"))
    assert current(single) == pytest.approx(current(double), abs=40.0 * 3e-6)
    assert single["cells"]["v"] == pytest.approx(double["cells"]["v"], abs=4.0 * 1e-5)


def test_gates_and_located_spikes_see_the_same_current() -> None:
    """Strang's splitting and an adaptive solver on the same held noise: a second-order difference."""
    runs = {}
    for integrator, dt in (("strang", 0.1), ("strang", 0.05), ("ode", 0.1)):
        net = Network(dt=dt, seed=2)
        net.population("cells", TraubMiles(integrator=integrator), 3)
        net.noise("cells", sigma=20.0, tau=5.0)
        run = net.build("reference")
        for step in range(round(2.0 / dt)):  # held by hand, so that both grids have the same
            run["cells"]["noise->cells.i"] = [10.0 + step * dt // 0.0999, 20.0, -30.0]
            run.run(dt)
        runs[integrator, dt] = run["cells"]["v"]
    coarse, fine = (np.abs(runs["strang", dt] - runs["ode", 0.1]).max() for dt in (0.1, 0.05))
    assert coarse < 0.05
    assert fine < coarse / 3


def test_a_noisy_population_does_not_sleep() -> None:
    run = network(2000, names=("a", "b")).build("events").run(20.0)
    assert np.unique(run["cells"]["v"]).size == 2000


# the description -----------------------------------------------------------------------------------------------------------


def test_noise_survives_files(tmp_path: Any) -> None:
    net = network(3, sigma=[1.0, 2.0, 3.0])
    net.noise("cells", sigma=2.0, tau=Uniform(1.0, 2.0), mean=3.0, input="i", name="second")
    net.probe("cells", "second.i")
    assert Network.from_dict(net.to_dict()) == net
    assert Network.from_dict(json.loads(json.dumps(net.to_dict(), default=np.ndarray.tolist))) == net
    for name in ("net.json", "net.npz"):
        assert Network.load(net.save(tmp_path / name)) == net
    other = network(3, sigma=[1.0, 2.0, 3.0])
    assert other != net
    older = {key: value for key, value in network(3).to_dict().items() if key != "noises"}
    assert Network.from_dict(older).noises == {}


def test_the_plan_and_the_forecast_tell_of_noise() -> None:
    net = network(1000, sigma=np.ones(1000))
    run = net.build("events")
    assert "noise->cells: Ornstein-Uhlenbeck, exact at the steps, held within a step" in run.describe()
    kernel = run._backend.noises[0].kernels[0]["noise"][0]
    kept = sum(array.nbytes for array in kernel.kept.values() if array.size > 1)
    assert {share.name: share.bytes for share in shares(net)}["noise->cells"] == pytest.approx(kept, rel=0.01)
    assert "noise->cells      1,000  noise current onto cells" in net.summary()


def bad(message: str, **values: Any) -> Any:
    return pytest.param(values, message, id=message[:60])


@pytest.mark.parametrize(
    ("values", "message"),
    [
        bad("noise 'noise->cells', sigma: must be >= 0 pA (got -1)", sigma=-1.0),
        bad("noise 'noise->cells', sigma: must be >= 0 pA (got -inf)", sigma=Normal(0.0, 1.0)),
        bad("noise 'noise->cells', tau: must be > 0 ms, or the number 0 for white noise (got -1)", tau=-1.0),
        bad("noise 'noise->cells', tau: must be > 0 ms, or the number 0 for white noise (got 0)", tau=Uniform(0.0, 1.0)),
        bad("noise 'noise->cells', tau: must be > 0 ms, or the number 0 for white noise (got 0)", tau=[0.0, 1.0, 2.0]),
        bad(
            "noise 'noise->cells', sigma: must be in pA * ms**0.5 (got '1 picoampere', which is in picoampere)",
            tau=0,
            sigma="1 pA",
        ),
        bad("noise 'noise->cells', sigma: must be >= 0 pA * ms**0.5 (got -1)", tau=0.0, sigma=-1.0),
        bad("noise 'noise->cells', tau: must be in ms (got '1 millivolt', which is in millivolt)", tau="1 mV"),
        bad("noise 'noise->cells', sigma: must be in pA (got '1 millivolt', which is in millivolt)", sigma="1 mV"),
        bad("noise 'noise->cells', mean: must be one number or 3, one per neuron (got (2,))", mean=[1.0, 2.0]),
        bad("noise 'noise->cells', mean: must be finite (got NaN or infinity)", mean=float("nan")),
        bad("noise 'noise->cells': 'cells' has no input 'j'; known: i", input="j"),
        bad("noise 'cells': stands in the network already; choose another name", name="cells"),
        bad("network: has no population 'cell'; did you mean 'cells'?", target="cell"),
        bad("noise 'noise->x': must end on neurons, and a source receives nothing (got 'x')", target="x"),
        bad("noise: needs a name (got '')", name=""),
    ],
)
def test_noise_that_cannot_be(values: dict[str, Any], message: str) -> None:
    net = Network()
    net.population("cells", LIF(), 3)
    net.population("x", Poisson(), 3)
    with pytest.raises(MaichongError) as caught:
        net.noise(**{"target": "cells", "sigma": 1.0, "tau": 1.0, **values})
    assert str(caught.value) == message
    assert net.noises == {}


def test_names_are_taken_once() -> None:
    net = network(3)
    with pytest.raises(MaichongError, match="noise 'noise->cells': stands in the network already"):
        net.noise("cells", sigma=1.0, tau=1.0)
    with pytest.raises(MaichongError, match="is the name of something else in the network"):
        net.project("cells", "cells", FixedProbability(0.1), weight=1.0, receptor=Delta(), name="noise->cells")
