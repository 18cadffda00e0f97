"""Quantities that change at given times: drives, rates of sources, rates of backgrounds.

The judges are closed forms, binomial and Poisson laws, and the same run in which somebody sets the values by hand.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pint
import pytest
from scipy import stats

from maichong import LIF, AllToAll, Delta, Exponential, Network, Poisson, Steps, resume
from maichong.errors import MaichongError
from maichong.simulation import simulate

BUILDS = [("reference", {}), ("events", {"threads": 1}), ("events", {"threads": 2})]
EACH_BUILD = pytest.mark.parametrize(("engine", "options"), BUILDS, ids=["reference", "one thread", "two threads"])
N = 60


def everything() -> Network:
    """Scheduled drives, sources and backgrounds; shared by all neurons, and of each its own; some begin late."""
    rng = np.random.default_rng(8)
    net = Network(dt=0.1, seed=5)
    often = np.arange(1.0, 40.0)
    x = net.population("x", Poisson(rate=Steps([0, 10, 20, 31.5], [200, 0, 500, 50])), N)
    y = net.population("y", Poisson(rate=Steps(often, rng.uniform(0, 400, (39, N)))), N)
    drive = Steps([5.0, 25.0], [np.linspace(0, 500, N), np.zeros(N)])
    e = net.population("e", LIF(tau_m=10.0, c_m=100.0), N, drive=drive, init={"v": np.linspace(-70, -60, N)})
    i = net.population("i", LIF(tau_m=10.0, c_m=100.0), N, drive={"i": Steps(often, 500 * rng.random(39))})
    net.project(x, e, AllToAll(), weight=3.0, receptor=Exponential(), delay=1.0)
    net.project(y, i, AllToAll(), weight=3.0, receptor=Exponential(), delay=1.0)
    net.background(e, rate=Steps([0, 15, 30], [2000, 30_000, 0]), weight=20.0, receptor=Exponential())
    net.background(i, rate=Steps(often, rng.uniform(0, 9000, (39, N))), weight=20.0, receptor=Exponential(), name="b")
    for name in "xyei":
        net.probe(name)
    net.probe(e, "v", every=0.5)
    return net


def seen(run: Any) -> dict[str, np.ndarray]:
    found = {f"state {key}": value for key, value in run.snapshot().items()}
    for name in "xyei":
        found |= {f"times {name}": run[name].spikes.times, f"ids {name}": run[name].spikes.ids}
    return {**found, "v": run["e"].samples("v").values}


def same(a: Any, b: Any) -> None:
    one, other = seen(a), seen(b)
    assert [key for key in one if not np.array_equal(one[key], other[key])] == []


# both engines, threads, cuts, checkpoints ----------------------------------------------------------------------------------


def test_engines_and_threads_agree() -> None:
    known, one, two = (everything().build(engine, **options).run(50.0) for engine, options in BUILDS)
    for name in "xyei":
        assert known[name].counts.sum() > 100
        assert np.array_equal(one[name].spikes.times, known[name].spikes.times)
        assert np.array_equal(one[name].spikes.ids, known[name].spikes.ids)
    assert one["e"].samples("v").values == pytest.approx(known["e"].samples("v").values, rel=1e-10)
    same(one, two)


def test_float32_is_near() -> None:
    double, single = (everything().build("events", precision=precision).run(50.0) for precision in ("float64", "float32"))
    for name in "xy":
        assert np.array_equal(single[name].spikes.times, double[name].spikes.times)
    for name in "ei":
        assert single[name].counts.sum() == pytest.approx(double[name].counts.sum(), rel=0.02)


@EACH_BUILD
@pytest.mark.parametrize("cuts", [(10.0, 20.0, 31.5), (0.1, 9.9, 10.1, 24.9, 25.0, 25.1)])
def test_cuts_and_checkpoints_change_nothing(
    engine: str, options: dict[str, Any], cuts: tuple[float, ...], tmp_path: Path
) -> None:
    """Also where they fall on a change, or beside it."""
    whole = everything().build(engine, **options).run(45.0)
    run = everything().build(engine, **options)
    for at in cuts:
        run = resume(run.run(at - run.t).save(tmp_path / "run.npz"))
    same(run.run(45.0 - run.t), whole)


@EACH_BUILD
def test_a_snapshot_goes_back_in_time(engine: str, options: dict[str, Any]) -> None:
    run = everything().build(engine, **options).run(12.0)
    state = run.snapshot()
    counts = [run.restore(state).run(25.0)["e"].counts for _ in range(2)]
    assert np.array_equal(*counts)


# what a change does --------------------------------------------------------------------------------------------------------


@EACH_BUILD
def test_steps_are_what_somebody_sets_by_hand(engine: str, options: dict[str, Any]) -> None:
    rates = np.random.default_rng(1).uniform(0, 300, (40, N))
    times = 2.5 * np.arange(40)

    def network(rate: Any, drive: Any) -> Network:
        net = Network(dt=0.5, seed=2)
        net.population("x", Poisson(rate=rate), N)
        net.population("e", LIF(tau_m=10.0), N, drive=drive)
        return net

    run = network(Steps(times, rates), Steps(times, 4 * rates)).build(engine, **options).run(110.0)
    other = network(rates[0], 4 * rates[0]).build(engine, **options)
    for row in rates:
        other["x"].set(rate=row)
        other["e"].drive(4 * row)
        other.run(2.5)
    other.run(10.0)
    for name in "xe":
        assert np.array_equal(run[name].spikes.times, other[name].spikes.times)
        assert np.array_equal(run[name].spikes.ids, other[name].spikes.ids)
        assert run[name].counts.sum() > 300
    assert np.array_equal(run["e"]["v"], other["e"]["v"])


@pytest.mark.parametrize("rate", [[80.0, 0.0, 200.0], np.array([80.0, 0.0, 200.0])[:, None] * np.ones(400)])
def test_each_stretch_has_its_own_chance(engine: str, rate: Any) -> None:
    """P(spike in dt) = 1 - exp(-rate dt), from the first step of a stretch to its last; nothing before the first time."""
    net = Network(dt=1.0, seed=3)
    net.population("x", Poisson(rate=Steps([50, 150, 200], rate)), 400)
    spikes = net.build(engine).run(300.0)["x"].spikes
    assert spikes.times.min() > 50.0
    for low, high, hz in ((50, 150, 80.0), (150, 200, 0.0), (200, 300, 200.0)):
        for first, last in ((low, high), (low, low + 5), (high - 5, high)):
            count = int(((spikes.times > first) & (spikes.times <= last)).sum())
            chance = -np.expm1(-hz / 1000)
            assert stats.binomtest(count, 400 * (last - first), chance).pvalue > 1e-4


def test_a_stepped_current_against_the_closed_form(engine: str) -> None:
    """v goes to E_L + R I, exponentially, from where it is; 4.70003629 ms to the first spike at 1000 pA [N]."""
    times, amplitudes = np.array([7.0, 30.0, 31.0, 400.0]), np.array([300.0, -200.0, 0.0, 1000.0])
    net = Network(dt=0.1, seed=1)
    cell = net.population("cell", LIF(tau_m=10.0, c_m=250.0), 1, drive=Steps(times, amplitudes))
    net.probe(cell, "v")
    net.probe(cell)
    run = net.build(engine).run(410.0)
    v, expected = run["cell"].samples("v"), -70.0
    for begin, end, current in zip([0.0, *times], [*times, 404.7], [0.0, *amplitudes], strict=True):
        goal = -70.0 + 0.04 * current
        there = (v.times > begin + 1e-6) & (v.times < end + 1e-6)
        course = goal + (expected - goal) * np.exp(-(v.times[there] - begin) / 10.0)
        assert v.values[there, 0] == pytest.approx(course, abs=1e-9)
        expected = course[-1]
    assert run["cell"].spikes.times[0] == pytest.approx(404.8)


@pytest.mark.parametrize("each", [False, True])
def test_events_of_a_scheduled_background_are_poisson_numbers(engine: str, each: bool) -> None:
    """Counted through membranes that add them up; in a stretch of silence nothing comes, in 40,000 draws too."""
    n, rates = 400, np.array([20_000.0, 0.0, 300.0])
    net = Network(dt=0.1, seed=4)
    cells = net.population("cells", LIF(tau_m=1e12, v_th=1e9), n, init={"v": 0.0})
    net.background(
        cells, rate=Steps([1.0, 21.0, 31.0], rates[:, None] * np.ones(n) if each else rates), weight=1.0, receptor=Delta()
    )
    run, sums = net.build(engine), []
    for duration in (1.0, 20.0, 10.0, 20.0):
        before = run["cells"]["v"]
        sums.append(np.rint(run.run(duration)["cells"]["v"] - before))
    assert not sums[0].any()
    assert not sums[2].any()
    for events, mean in ((sums[1], 400.0), (sums[3], 6.0)):
        total = stats.poisson(mean * n)
        assert total.cdf(events.sum()) == pytest.approx(0.5, abs=0.4999)
        assert events.var() / events.mean() == pytest.approx(1.0, abs=5 * np.sqrt(2 / n))


def test_a_neuron_of_rate_zero_beside_others_is_silent() -> None:
    """The largest word of all, one in 2**32, reaches no threshold that stands for "never"."""
    from maichong.engines import background

    limits = background.thresholds(np.array([0.0, 8000.0]), 0.1, 12)
    assert (limits[:, 0] == 2**32 - 1).all()
    assert limits[:, 0].min() > background.LARGEST


def test_a_change_wakes_who_sleeps(engine: str) -> None:
    """Populations with few inputs are passed over while nothing happens to them."""
    net = Network(dt=0.1, seed=1)
    net.population("cells", LIF(tau_m=10.0), 100, drive=Steps([20.0, 40.0, 60.0], [1000.0, 0.0, 1000.0]))
    run = net.build(engine).run(80.0)
    times = run["cells"].spikes.of(99)
    assert np.diff(np.flatnonzero(times > 50.0)).size > 0
    assert times.min() == pytest.approx(24.8)
    assert not ((times > 40.05) & (times < 64.0)).any()


@EACH_BUILD
def test_by_hand_holds_until_the_next_change(engine: str, options: dict[str, Any]) -> None:
    net = Network(dt=1.0, seed=1)
    net.population("x", Poisson(rate=Steps([0, 100, 200], [0, 100, 0])), 200)
    net.population("e", LIF(tau_m=10.0), 2, drive=Steps([0, 100], [0, 300]))
    run = net.build(engine, **options).run(20.0)
    run["x"].set(rate=50.0)
    run["e"].drive(100.0)
    assert stats.binomtest(int(run.run(80.0)["x"].counts.sum()), 200 * 80, -np.expm1(-0.05)).pvalue > 1e-4
    assert run["e"]["v"] == pytest.approx(-66.0, abs=0.01)
    before = run["x"].counts.sum()
    assert stats.binomtest(int(run.run(100.0)["x"].counts.sum() - before), 200 * 100, -np.expm1(-0.1)).pvalue > 1e-4
    assert run["e"]["v"] == pytest.approx(-58.0, abs=0.01)
    # at 200 ms the rate has become 0; set at that very moment, it holds
    run["x"].set(rate=1e6)
    assert run.run(1.0)["x"].counts.sum() - before > 200


# the value itself ----------------------------------------------------------------------------------------------------------


def test_steps_are_values(tmp_path: Path) -> None:
    net = everything()
    assert Network.from_dict(net.to_dict()) == net
    assert Network.from_dict(json.loads(json.dumps(net.to_dict(), default=np.ndarray.tolist, allow_nan=False))) == net
    for name in ("net.json", "net.npz"):
        assert Network.load(net.save(tmp_path / name)) == net
    assert Steps([0, 1], [2, 3]) == Steps(("0 ms", "1 ms"), np.array([2.0, 3.0]))
    assert Steps([0, 1], [2, 3]) != Steps([0, 1], [2, 4])
    assert Steps([0, 1], [2, 3]) != Steps([0, 2], [2, 3])
    assert Steps([0, 1], [2, 3]) != [2, 3]
    assert Poisson(rate=Steps([0, 1], [2, 3])) == Poisson(rate=Steps([0, 1], [2, 3]))
    assert Poisson(rate=Steps([0, 1], [2, 3])) != Poisson(rate=2.0)
    assert repr(Poisson(rate=Steps([0, 1], [2, 3]))) == "Poisson(rate=Steps([0.0, 1.0], [2.0, 3.0]))"
    assert repr(Steps(np.arange(1000), np.ones((1000, 7)))) == "Steps(<1,000 times>, <values of shape (1000, 7)>)"


def test_units_are_read_where_steps_are_taken() -> None:
    unit = pint.get_application_registry()
    ways = [["0 pA", "0.4 nA"], [0.0, 0.4] * unit.nA, [0.0 * unit.pA, 400.0]]
    for values in ways:
        steps = Steps([0.0, 100.0] if values is ways[0] else ["0 s", 0.1 * unit.s], values)
        assert steps == Steps([0, 100], values)
        net = Network(dt=0.1)
        assert net.population("e", LIF(), 3, drive=steps).drive["i"].values == pytest.approx([0.0, 400.0], rel=1e-15)
    assert Poisson(rate=Steps([0], ["1 kHz"]))["rate"] == Steps([0], [1000])
    each = Poisson(rate=Steps([0, 1], [["1 kHz", "5 Hz"], [1.0 * unit.kHz, 7.0]]))["rate"]
    assert each == Steps([0, 1], [[1000, 5], [1000, 7]])


def test_the_plan_tells_of_schedules() -> None:
    lines = everything().build("reference").plan.describe().splitlines()
    assert lines[0].endswith("record -> change")
    assert "x: source, spikes on the grid; rate changes 4 times" in lines
    assert any(line.startswith("e: ") and line.endswith("drive of i changes 2 times") for line in lines)
    assert any(line.startswith("background->e: ") and line.endswith("rate changes 3 times") for line in lines)


def test_a_schedule_is_kept_once_and_forecast() -> None:
    from maichong.engines.forecast import shares

    table = Steps(np.arange(50), np.ones((50, 1000)))
    net = Network(dt=0.1)
    net.population("x", Poisson(rate=table), 1000)
    e = net.population("e", LIF(), 1000, drive=table)
    net.background(e, rate=table, weight=1.0, receptor=Delta(), name="b")
    backend = net.build("events")._backend
    kernels = [backend.populations[0].kernels[0]["change"][0], backend.populations[1].kernels[0]["change"][0]]
    kernels.append(backend.backgrounds[0].kernels[0]["background"][0])
    for kernel, name in zip(kernels, ("values_rate", "values", "values"), strict=True):
        assert np.shares_memory(kernel.kept[name], table.values)
    forecast = {share.name: share.bytes for share in shares(net)}
    kept = {
        id(array): array.nbytes
        for kernel in backend.backgrounds[0].kernels[0]["background"]
        for array in kernel.kept.values()
        if array.size > 1
        and not np.shares_memory(array, table.values)
        and array is not backend.populations[1].own.of[0]["pending"]
    }
    assert forecast["b"] == pytest.approx(sum(kept.values()), rel=0.1)
    assert "b                 1,000  Poisson events onto e, Delta()" in net.summary()


FILE = """
from maichong import LIF, AllToAll, Delta, Network, Poisson, Steps
net = Network(dt=0.1, seed=1)
x = net.population("x", Poisson(rate=Steps([0, 50, 100], [0, "0.4 kHz", 0])), 20)
duration = 150.0
"""


def test_a_network_file_with_steps_is_simulated_and_carried_on(tmp_path: Path) -> None:
    (tmp_path / "burst.py").write_text(FILE)
    done = simulate(tmp_path / "burst.py", duration=70.0, out=tmp_path / "out")
    assert done["spikes"]["x"] > 0
    whole = simulate(resume=tmp_path / "out", duration=150.0)
    assert whole["spikes"]["x"] == simulate(tmp_path / "burst.py", out=tmp_path / "once")["spikes"]["x"]


def cells(**values: Any) -> Network:
    net = Network(dt=0.1)
    net.population("e", **{"model": LIF(), "n": 3, **values})
    return net


def noisy(rate: Any) -> Network:
    net = cells()
    net.background("e", rate=rate, weight=1.0, receptor=Delta())
    return net


BAD: dict[str, Callable[[], Any]] = {
    "Steps.times: must be increasing numbers >= 0 ms (got [0.0, 2.0, 1.0])": lambda: Steps([0, 2, 1], [1, 2, 3]),
    "Steps.times: must be increasing numbers >= 0 ms (got [-1.0])": lambda: Steps([-1], [1]),
    "Steps.times: must be increasing numbers >= 0 ms (got [nan])": lambda: Steps([np.nan], [1]),
    "Steps.times: must be a list of at least one time (got an array of shape (0,))": lambda: Steps([], []),
    "Steps.times[1]: must be in ms (got '1 millivolt', which is in millivolt)": lambda: Steps([0, "1 mV"], [1, 2]),
    "Steps.values: must have one value, or one row of values, for each of its 2 times (got an array of shape (3,))": lambda: (
        Steps([0, 1], [1, 2, 3])
    ),
    "Steps.values: must be finite (got NaN or infinity)": lambda: Steps([0], [np.inf]),
    "population 'e', drive['i']: its times must be whole numbers of steps of 0.1 ms (got 0.25 ms)": lambda: cells(
        drive=Steps([0, 0.25], [1, 2])
    ),
    "population 'e', drive['i']: its times must be below 2**62 steps of 0.1 ms (got 1e+300 ms)": lambda: cells(
        drive=Steps([0, 1e300], [1, 2])
    ),
    "population 'e', drive['i']: must have one number for each time, or 3, one per neuron (got (2, 4))": lambda: cells(
        drive=Steps([0, 1], np.ones((2, 4)))
    ),
    "population 'e', drive['i'][1]: must be in pA (got '1 millivolt', which is in millivolt)": lambda: cells(
        drive=Steps([0, 1], [0, "1 mV"])
    ),
    "population 'e', init['v']: must be a number in mV (got Steps([0.0], [1.0]))": lambda: cells(init={"v": Steps([0], [1])}),
    "population 'e', rate: its times must be whole numbers of steps of 0.1 ms (got 0.01 ms)": lambda: cells(
        model=Poisson(rate=Steps([0.01], [1]))
    ),
    "Poisson.rate: must be >= 0 Hz (got -3.0 at index 1)": lambda: Poisson(rate=Steps([0, 1], [2, -3])),
    "LIF.tau_m: stays as it is while time runs (got Steps([0.0], [20.0])); drives, parameters of sources and rates of backgrounds "
    "may be Steps": lambda: LIF(tau_m=Steps([0], [20])),
    "background 'background->e', rate: must be >= 0 Hz (got -1)": lambda: noisy(Steps([0, 1], [3, -1])),
    "background 'background->e', rate: must be at most 1e+06 Hz, 100 events in a step of 0.1 ms (got 2e+06 Hz); split it in "
    "two, or use fewer events of a larger weight": lambda: noisy(Steps([5], [2e6])).build("reference"),
    "background 'background->e', rate: its times must be whole numbers of steps of 0.1 ms (got 0.05 ms)": lambda: noisy(
        Steps([0.05], [1])
    ),
}


@pytest.mark.parametrize("sentence", BAD)
def test_steps_that_cannot_be(sentence: str) -> None:
    with pytest.raises(MaichongError) as caught:
        BAD[sentence]()
    assert str(caught.value) == sentence
