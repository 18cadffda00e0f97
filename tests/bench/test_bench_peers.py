"""What the peers' scripts make of the constants: connections, parameters, numbers of synapses; and Brian2 for real, by name."""

from __future__ import annotations

import contextlib
import importlib
import json
import shutil
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from maichong.bench import comparison
from maichong.bench.environments import SCRIPTS
from maichong.bench.networks import benchmarks
from maichong.bench.networks.benchmark import Span, values

ALL = benchmarks()


@contextlib.contextmanager
def scripts() -> Iterator[None]:
    sys.path.insert(0, str(SCRIPTS))
    try:
        yield
    finally:
        sys.path.remove(str(SCRIPTS))


def module(name: str) -> ModuleType:
    with scripts():
        return importlib.import_module(name)


def constants(name: str, **changes: Any) -> SimpleNamespace:
    """The constants of a benchmark as a script gets them."""
    return SimpleNamespace(**json.loads(json.dumps(values(replace(ALL[name].constants, **changes)))))


# Brian2's connections --------------------------------------------------------------------------------------------------------


@pytest.fixture
def drawn(tmp_path: Path) -> Any:
    """What draws Brian2's connections, without Brian2."""
    as_it_is = SimpleNamespace(
        declare_types=lambda **_: lambda f: f, check_units=lambda **_: lambda f: f, implementation=lambda *_: lambda f: f
    )
    return module("brian2_networks").Drawn(as_it_is, tmp_path, 3)


def read(drawn: Any, sources: int, k: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """pre and post of each synapse, in the order of a file, as the compiled program reads it."""
    numbers = np.fromfile(drawn.folder / f"drawn_{k}.bin", np.int32).tolist()
    pre, post, at = [], [], 0
    for source in range(sources):
        degree = numbers[at]
        pre += [source] * degree
        post += numbers[at + 1 : at + 1 + degree]
        at += 1 + degree
    assert at == len(numbers)
    return np.array(pre), np.array(post)


SILENT = SimpleNamespace(connect=lambda **_: None)


@pytest.mark.parametrize("but_self", [False, True])
def test_in_degrees_of_brian2(drawn: Any, but_self: bool) -> None:
    drawn.in_degree(SILENT, 30, 50, 50, but_self=but_self)
    pre, post = read(drawn, 50)
    assert drawn.synapses == pre.size == 1500
    assert (np.bincount(post, minlength=50) == 30).all()
    assert np.bincount(pre, minlength=50).std() > 2
    assert (pre == post).any() != but_self
    counts = np.zeros((50, 50), int)
    np.add.at(counts, (pre, post), 1)
    assert counts.max() > 1  # drawn with replacement


def test_total_numbers_of_brian2(drawn: Any) -> None:
    numbers, sizes = [[500, 0], [300, 40]], np.array([20, 10])
    drawn.total_numbers(SILENT, numbers, sizes)
    pre, post = read(drawn, 30)
    found = [[int(np.sum(((pre >= 20) == source) & ((post >= 20) == target))) for source in (0, 1)] for target in (0, 1)]
    assert found == numbers
    assert drawn.synapses == 840
    assert post.min() >= 0
    assert post.max() < 30
    assert (np.diff(pre) >= 0).all()
    # each target of a population is as likely as the others
    assert np.bincount(post[post < 20], minlength=20).max() < 50


# NEST --------------------------------------------------------------------------------------------------------------------------


class Cells(list):
    """Cells of a made-up NEST: a list that can be added, and has the attributes that are set."""

    def __add__(self, other: Any) -> Any:
        return Cells([*self, *other])


class Nest:
    """Notes what is asked of NEST, and counts synapses."""

    def __init__(self, threads: int = 2) -> None:
        self.local_num_threads, self.synapses, self.models, self.made = threads, {}, {}, []
        self.random = SimpleNamespace(uniform=lambda *args: args, normal=lambda *args: args)
        self.math = SimpleNamespace(redraw=lambda *args, **bounds: (*args, bounds))

    def Create(self, model: str, n: int, params: Any) -> Any:  # noqa: N802
        self.made.append((model, n, params))
        return Cells(range(n))

    def CopyModel(self, base: str, name: str, defaults: Any) -> None:  # noqa: N802
        self.models[name] = (base, defaults)

    def Connect(self, pre: Any, post: Any, rule: Any, synapse: Any) -> None:  # noqa: N802
        model = synapse if isinstance(synapse, str) else synapse["synapse_model"]
        assert model in self.models
        number = rule["N"] if rule["rule"] == "fixed_total_number" else rule["indegree"] * len(post)
        self.synapses[model] = self.synapses.get(model, 0) + number


@pytest.mark.parametrize("name", ALL)
def test_nest_gets_the_network(name: str) -> None:
    nest, c = Nest(), constants(name)
    cells, inputs = getattr(module("nest_networks"), ALL[name].family)(nest, c)
    assert {name: len(population) for name, population in cells.items()} == c.sizes
    assert sum(nest.synapses.values()) == c.synapses
    assert all(params["C_m"] == c.c_m for _, _, params in nest.made)
    outside = {"brunel": 2, "hpc": 2, "microcircuit": 8}.get(ALL[name].family, 0)
    assert len(inputs) == outside
    assert all(model in nest.models for _, _, model in inputs)
    assert all("delay" in defaults for _, defaults in nest.models.values())


def test_nest_has_room_for_the_whole_microcircuit() -> None:
    """2^27 synapses of one model and thread: 299 million on two threads need three models."""
    for threads in (1, 2):
        nest = Nest(threads)
        module("nest_networks").microcircuit(nest, constants("microcircuit"))
        assert max(nest.synapses.values()) / threads < 2**27 * 0.95
        # 16 bits tell 77,169 targets apart on two threads, not on one
        assert {base for base, _ in nest.models.values() if base.endswith("_hpc")} == (
            {"static_synapse_hpc"} if threads > 1 else set()
        )


def test_nest_s_inhibition() -> None:
    networks, nest = module("nest_networks"), Nest()
    networks.coba_cuba(nest, constants("coba-4000"))
    assert nest.models["from_inh"] == ("static_synapse_hom_w", {"delay": 0.1, "weight": -67.0})
    networks.coba_cuba(nest, constants("cuba-4000"))
    assert nest.models["from_inh"][1]["weight"] == -90.0
    networks.hpc(nest, constants("hpc"))
    assert nest.models["plastic"][0] == "stdp_pl_synapse_hom_hpc"
    rule = nest.models["plastic"][1]
    assert (rule["lambda"], rule["alpha"], rule["mu"]) == (pytest.approx(0.01), pytest.approx(0.0513), 0.4)


# for real: pytest -m slow tests/bench/test_bench_peers.py ------------------------------------------------------------------------

FEW = {
    "coba-4000": {}, "cuba-4000": {}, "cobahh": {"dt": 0.025},
    "brunel-delta": {"n_exc": 2000, "n_inh": 500, "k_exc": 200, "k_inh": 50, "j": 0.5},
    "brunel-alpha": {"n_exc": 2000, "n_inh": 500, "k_exc": 200, "k_inh": 50, "j": 0.5},
    "hpc": {"n_exc": 3600, "n_inh": 900, "k_exc": 900, "k_inh": 225},
    "microcircuit-0.1": {},
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("g++"), reason="needs a C++ compiler")
@pytest.mark.parametrize("name", FEW)
def test_brian2_fires_as_we_do(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """At a step at which COBAHH by exponential Euler is near the solution; rates of one run each, which chance moves by 4 %."""
    pytest.importorskip("brian2")
    monkeypatch.setattr(comparison, "interpreter", lambda peer, tell: sys.executable)
    spans = {"maichong": Span(1000.0, 2), "brian2": Span(1000.0, 2)} if name != "hpc" else ALL[name].spans
    small = replace(ALL[name], constants=replace(ALL[name].constants, **FEW[name]), precisions=("float64",), spans=spans)
    outcome = comparison.compare(small, ["brian2"], threads=[1])
    assert outcome["failures"] == []
    assert outcome["rows"][1]["synapses"] == outcome["rows"][0]["synapses"]
    assert abs(outcome["rows"][1]["rate_difference"]) < 0.08
