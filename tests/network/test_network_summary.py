"""The summary says who and how many, and forecasts the memory of a build before anything is drawn."""

from __future__ import annotations

import re
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from maichong import (
    AMPA,
    LIF,
    AdaptiveLIF,
    AllButSelf,
    AllToAll,
    Delta,
    DiehlCook,
    ExplicitList,
    Exponential,
    FixedProbability,
    HomeostaticThreshold,
    Izhikevich,
    Network,
    Normal,
    OneToOne,
    PairSTDP,
    Poisson,
    SpikeTimes,
    TsodyksMarkram,
    Uniform,
)
from maichong.engines import plan
from maichong.engines.events import layout
from maichong.engines.forecast import shares
from maichong.zoo.diehl_cook_2015 import Settings, network


def joined(connector: Any, n_pre: int, n_post: int, **values: Any) -> Network:
    net = Network(dt=0.1, seed=3)
    net.population("pre", Poisson(rate=10.0), n_pre)
    net.population("post", LIF(), n_post)
    net.project("pre", "post", connector, **{"weight": 0.5, "receptor": Exponential(), **values})
    return net


def balanced() -> Network:
    """The sparse network of 4,000 cells that everybody benchmarks, at a quarter of its size."""
    net = Network(dt=0.1, seed=1)
    net.population("exc", LIF(t_ref=5.0), 800, init={"v": Uniform(-70, -55)}, drive=200.0)
    net.population("inh", LIF(t_ref=5.0), 200, init={"v": Uniform(-70, -55)}, drive=200.0)
    for pre, weight in (("exc", 4.0), ("inh", -20.0)):
        for post in ("exc", "inh"):
            net.project(pre, post, FixedProbability(0.1), weight=weight, receptor=Exponential())
    return net


def allocated(built: Any) -> int:
    """The bytes of a projection's layout: its arrays, its weights, its delays."""
    return built.weight.nbytes + built.delays.nbytes + sum(array.nbytes for array in built.arrays.values())


def check(net: Network, precision: str, layouts: list[Any]) -> None:
    """The forecast without the traces of rules, which have a test of their own, is what the layouts take."""
    forecast = {share.name: share for share in shares(net, precision) if share.kind != "population"}
    for projection, built in zip(net.projections.values(), layouts, strict=True):
        share = forecast[projection.name]
        assert share.kind == built.kind
        synapses = share.bytes - share.traces
        if synapses == 0:
            assert allocated(built) <= 64, "one weight for all and no indices"
        else:
            assert synapses == pytest.approx(allocated(built), rel=0.1), projection.name


SPREAD = {"weight": Uniform(0, 1), "delay": Uniform(0.1, 2.0)}
STUDIED: dict[str, Callable[[], Network]] = {
    "balanced": balanced,
    "diehl-cook": lambda: network(Settings(neurons=100), 784, 1),
    "dense": lambda: joined(AllToAll(), 300, 500),
    "dense, own weights": lambda: joined(AllToAll(), 300, 500, weight=Uniform(0, 1)),
    "dense, spread delays": lambda: joined(AllToAll(), 300, 500, **SPREAD),
    "dense, spread delays, rule": lambda: joined(AllToAll(), 300, 500, plasticity=PairSTDP(), **SPREAD),
    "dense, rule": lambda: joined(AllToAll(), 300, 500, plasticity=DiehlCook()),
    "all but self": lambda: joined(AllButSelf(), 300, 300, weight=Uniform(0, 1)),
    "all but self, spread delays": lambda: joined(AllButSelf(), 300, 300, **SPREAD),
    "sparse": lambda: joined(FixedProbability(0.1), 500, 1000),
    "sparse, one row": lambda: joined(FixedProbability(0.5), 1, 70_000, weight=Uniform(0, 1)),
    "sparse, spread delays": lambda: joined(FixedProbability(0.1), 500, 1000, **SPREAD),
    "sparse, rule": lambda: joined(FixedProbability(0.2), 500, 1000, plasticity=PairSTDP()),
    "sparse, rule, spread delays": lambda: joined(FixedProbability(0.2), 500, 1000, plasticity=PairSTDP(), **SPREAD),
    "sparse, jumps": lambda: joined(FixedProbability(0.1), 500, 1000, receptor=Delta(), weight=Normal(1.0, 0.1)),
    "listed": lambda: joined(
        ExplicitList(np.arange(20_000) % 500, np.arange(20_000) % 990), 500, 1000, weight=np.linspace(0, 1, 20_000)
    ),
    "one to one": lambda: joined(OneToOne(), 2000, 2000, weight=Uniform(0, 1)),
}


@pytest.mark.parametrize("precision", ["float64", "float32"])
@pytest.mark.parametrize("name", STUDIED)
def test_the_forecast_is_what_the_layout_takes(name: str, precision: str) -> None:
    net = STUDIED[name]()
    check(net, precision, [layout.build(entry, precision, [0, entry.n_post]) for entry in plan(net).projections])


@pytest.mark.parametrize("name", ["balanced", "diehl-cook"])
def test_the_forecast_is_what_a_run_takes(name: str) -> None:
    net = STUDIED[name]()
    run = net.build("events", precision="float32")
    check(net, "float32", [projection.layout for projection in run._backend.projections])


def test_the_summary_names_everybody_and_adds_up() -> None:
    net = network(Settings(neurons=100), 784, 1)
    text = net.summary(precision="float32")
    for name in (*net.populations, *net.projections):
        assert name in text
    for part in ("Poisson()", "LIF(", "HomeostaticThreshold(", "DiehlCook()", "WeightNormalisation(", "AllToAll", "OneToOne"):
        assert part in text
    assert "dt 0.5 ms, seed 1" in text
    assert "984 neurons, 88,400 synapses; forecast for float32: " in text
    sizes = [(float(number), unit) for number, unit in re.findall(r"([\d.]+) (B|KiB|MiB|GiB)\b", text.rpartition("\n")[0])]
    scale = {"B": 1, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}
    total = sum(share.bytes for share in shares(net, "float32"))
    assert sizes[-1][0] * scale[sizes[-1][1]] == pytest.approx(total, rel=0.05)


def test_the_summary_of_given_spikes_and_of_nothing() -> None:
    net = Network(dt=0.1, seed=7)
    assert net.summary().splitlines()[-2] == "0 neurons, 0 synapses; forecast for float64: 0.0 B"
    net.population("given", SpikeTimes(np.arange(1234), np.zeros(1234)), 5)
    assert "1,234 given spikes" in net.summary()
    assert net.summary().splitlines()[-2].startswith("5 neurons, 0 synapses; ")


@pytest.fixture
def no_luck(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever draws a random number fails."""

    def refuse(*_: Any, **__: Any) -> Any:
        raise AssertionError("a random number was drawn")

    for name in ("Generator", "Philox", "PCG64", "SeedSequence", "default_rng", "RandomState"):
        monkeypatch.setattr(np.random, name, refuse)


def huge(connector: Any, n: int, **values: Any) -> Network:
    net = Network(dt=0.1, seed=3)
    net.population("cells", LIF(), n)
    net.project("cells", "cells", connector, **{"weight": Uniform(0, 1), "receptor": Exponential(), **values})
    return net


@pytest.mark.parametrize(
    ("make", "synapses"),
    [
        (lambda: huge(FixedProbability(0.1), 100_000), "1,000,000,000"),
        (lambda: huge(FixedProbability(0.1), 100_000, delay=Uniform(0.1, 10.0), plasticity=PairSTDP()), "1,000,000,000"),
        (lambda: huge(FixedProbability(0.1, autapses=False), 100_000), "999,990,000"),
        (lambda: huge(AllToAll(), 31_623), "1,000,014,129"),
        (lambda: huge(AllToAll(), 31_623, delay=Uniform(0.1, 10.0), plasticity=DiehlCook()), "1,000,014,129"),
        (lambda: huge(AllButSelf(), 31_623, delay=Normal(2.0, 1.0, low=0.1, high=4.0)), "999,982,506"),
        (lambda: huge(OneToOne(), 1_000_000_000), "1,000,000,000"),
    ],
    ids=["sparse", "sparse plastic", "no autapses", "dense", "dense plastic", "all but self", "one to one"],
)
@pytest.mark.usefixtures("no_luck")
def test_a_thousand_million_synapses_are_forecast_at_once(make: Callable[[], Network], synapses: str) -> None:
    net = make()
    net.summary()
    tracemalloc.start()
    begun = time.perf_counter()
    text = net.summary()
    took = time.perf_counter() - begun
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert took < 0.2
    assert peak < 2**20
    assert f"{synapses} synapses" in text
    assert "GiB" in text.splitlines()[-1]


# bugs ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("connector", [FixedProbability(0.1), AllToAll()], ids=repr)
@pytest.mark.usefixtures("no_luck")
def test_delays_without_an_upper_bound_are_not_drawn(connector: Any) -> None:
    huge(connector, 1000, delay=Normal(1.5, 0.5, low=0.1)).summary()


@pytest.mark.parametrize(
    "net",
    [
        joined(FixedProbability(0.01), 300, 500, plasticity=DiehlCook()),
        joined(OneToOne(), 300, 300, plasticity=PairSTDP()),
    ],
    ids=["1 %", "one to one"],
)
def test_few_synapses_under_a_rule(net: Network) -> None:
    check(net, "float64", [layout.build(entry, "float64", [0, entry.n_post]) for entry in plan(net).projections])


def test_delays_much_narrower_than_their_bounds() -> None:
    net = joined(FixedProbability(0.01), 300, 500, delay=Normal(1.0, 0.1, low=0.5, high=2.0))
    check(net, "float64", [layout.build(entry, "float64", [0, entry.n_post]) for entry in plan(net).projections])


LATE = {"weight": Uniform(0, 1), "delay": Uniform(0.5, 10.0)}


@pytest.mark.parametrize(
    "net",
    [
        joined(FixedProbability(0.01), 784, 100, plasticity=DiehlCook(), **LATE),
        joined(FixedProbability(0.01), 784, 100, plasticity=PairSTDP(), **LATE),
        joined(AllToAll(), 784, 100, plasticity=DiehlCook(), **LATE),
        joined(AllToAll(), 30, 1000, **LATE),
        joined(FixedProbability(0.1), 300, 500, weight=Uniform(0, 1), delay=Normal(2.0, 0.5, low=0.1)),
        joined(AllToAll(), 300, 500, weight=Uniform(0, 1), delay=Normal(2.0, 0.4, low=0.1), plasticity=DiehlCook()),
    ],
    ids=["rows", "rows, kept traces", "late", "late without a rule", "unbounded", "unbounded and late"],
)
def test_the_traces_of_a_rule_are_part_of_the_forecast(net: Network) -> None:
    projection = net.build("events", precision="float32")._backend.projections[0]
    owned = {id(array): array for array in (*projection.layout.arrays.values(), *projection.state.values())}
    owned |= {id(array): array for copy in (*projection.sources, *projection.traces.of) for array in copy.values()}
    taken = projection.layout.weight.nbytes + sum(array.nbytes for array in owned.values())
    share = shares(net, "float32")[-1]
    assert share.bytes == pytest.approx(taken, rel=0.1)


DRAWN = LIF(tau_m=Uniform(5, 10))
GIVEN = SpikeTimes(np.arange(3e4), np.arange(3e4) % 9)


@pytest.mark.parametrize("precision", ["float64", "float32"])
@pytest.mark.parametrize(
    ("model", "rule"),
    [
        (LIF(), ()),
        (DRAWN, ()),
        (AdaptiveLIF(v_th=np.linspace(-50, -40, 3000), t_ref=Uniform(1, 2)), ()),
        (Izhikevich(a=Uniform(0.02, 0.1)), ()),
        (LIF(), HomeostaticThreshold(theta_0=Uniform(1, 2))),
        (Poisson(rate=1.0), ()),
        (GIVEN, ()),
    ],
    ids=["cells", "drawn cells", "given thresholds", "nonlinear cells", "homeostasis", "noise", "given"],
)
def test_the_forecast_of_a_population(model: Any, rule: Any, precision: str) -> None:
    net = Network(dt=0.1)
    net.population("cells", model, 3000, plasticity=rule)
    population = net.build("events", precision=precision, threads=1)._backend.populations[0]
    kernels = (kernel for part in population.kernels for group in part.values() for kernel in group)
    kept = [array for kernel in kernels for array in kernel.kept.values()]
    # arrays that are views of the same memory count once
    owned = {
        id(array if array.base is None else array.base): array
        for array in (*population.arrays.values(), *population.own.of[0].values(), *kept)
    }
    assert shares(net, precision)[0].bytes == pytest.approx(sum(array.nbytes for array in owned.values()), rel=0.1)


@pytest.mark.parametrize("receptor", [Exponential(), AMPA()])
def test_what_sources_release_is_forecast(receptor) -> None:
    rule = None if receptor.model.source else TsodyksMarkram()
    net = Network(dt=0.1, seed=1)
    source, cells = net.population("s", Poisson(), 3000), net.population("n", LIF(), 200)
    net.project(source, cells, FixedProbability(0.1), weight=0.5, delay=1.5, receptor=receptor, short_term=rule)
    run = net.build("events", threads=1)
    (projection,) = run._backend.projections
    share = next(share for share in shares(net) if share.name == "s->n")
    assert share.traces == sum(array.nbytes for array in projection.sources[0].values())


BUILDS = """
import re
from pathlib import Path
from maichong import LIF, Exponential, FixedInDegree, Network
net = Network(dt=0.1, seed=1)
e = net.population("e", LIF(t_ref=2.0), 20_000, drive=380.0)
net.project(e, e, FixedInDegree(500), weight=0.1, delay=1.5, receptor=Exponential(tau=5.0))
text = net.summary(precision="float32").splitlines()[-1]
number, unit = re.search(r"run it: ([0-9.]+) (MiB|GiB)", text).groups()
net.build("events", precision="float32").run(20)
peak = re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())
print(float(number) * (1024 if unit == "GiB" else 1), int(peak.group(1)) / 1024)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the peak of a process is read where Linux keeps it")
def test_the_process_peaks_where_the_summary_says() -> None:
    for _ in range(2):  # the first one compiles
        found = subprocess.run([sys.executable, "-c", BUILDS], capture_output=True, text=True, check=True).stdout.split()
    forecast, measured = map(float, found)
    assert measured > 200
    assert forecast == pytest.approx(measured, rel=0.1)
