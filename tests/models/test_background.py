"""Poisson input from outside: its law against SciPy's, its effect against Campbell's theorem, engines against each other."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from scipy.stats import chisquare, poisson

from maichong import LIF, Delta, Exponential, FixedProbability, MaichongError, Network, Poisson, Uniform
from maichong.engines.plan import plan

CURRENT = Exponential(tau=5.0)


def network(rate: Any = 8000.0, weight: Any = 10.0, n: int = 100, **values: Any) -> Network:
    net = Network(dt=0.1, seed=2)
    net.population("cells", LIF(), n)
    net.background("cells", rate=rate, weight=weight, receptor=values.pop("receptor", CURRENT), **values)
    return net


@pytest.mark.parametrize("mean", [0.01, 0.8, 2.0, 30.0])
def test_events_are_poisson_numbers_and_independent(mean: float) -> None:
    entry = plan(network(rate=mean * 1e4, n=1000)).backgrounds[0]
    counts = np.stack([entry.counts(5, step) for step in range(200)])
    expected = poisson.pmf(np.arange(counts.max() + 2), mean) * counts.size
    found = np.bincount(counts.ravel(), minlength=expected.size)
    often = expected > 20
    seldom = counts.size - expected[often].sum()
    assert chisquare([*found[often], found[~often].sum()], [*expected[often], seldom]).pvalue > 1e-3
    for one, other in ((counts[:, :-1], counts[:, 1:]), (counts[:-1], counts[1:])):
        assert np.corrcoef(one.ravel(), other.ravel())[0, 1] == pytest.approx(0.0, abs=5 / np.sqrt(one.size))


def test_mean_and_variance_of_the_current_are_campbell_s() -> None:
    """A current of w at each of r events a ms: mean r w tau, variance r w^2 tau / 2; on the grid, sums of powers."""
    rate, w, tau, dt = 20.0, 3.0, 5.0, 0.1
    net = network(rate=rate * 1e3, weight=w, n=4000)
    run = net.build("events", threads=2).run(60.0)
    g = run["cells"]["g_p0"]
    keep = np.exp(-dt / tau)
    # seen at the end of a step, after the events of its start have decayed once
    assert g.mean() == pytest.approx(rate * dt * w * keep / (1 - keep), rel=5 * np.sqrt(1 / (2 * rate * tau)) / np.sqrt(4000))
    assert g.var() == pytest.approx(rate * dt * w**2 * keep**2 / (1 - keep**2), rel=5 * np.sqrt(2 / 4000))


@pytest.mark.parametrize("receptor", [CURRENT, Delta(), Exponential(tau=2.0, e_rev=0.0)], ids=["current", "jump", "open"])
@pytest.mark.parametrize(
    ("rate", "weight"), [(12_000.0, 1.5), (np.linspace(0, 2e4, 100), 1.5), (Uniform(0, 2e4), np.linspace(0, 2, 100))]
)
def test_engines_and_threads_agree(receptor: Any, rate: Any, weight: Any) -> None:
    current = receptor.model.states and receptor.values["e_rev"] is None
    scale = 30.0 if current else 1.0 if receptor.model.states else 0.2
    weight = weight * scale
    net = network(rate, weight, receptor=receptor)
    net.project("cells", "cells", FixedProbability(0.1), weight=0.5 * scale, delay=1.0, receptor=receptor)
    known = net.build("reference").run(30.0)
    one, two = (net.build("events", threads=threads).run(30.0) for threads in (1, 2))
    assert 0 < known["cells"].counts.sum() < 3000
    for run in (one, two):
        assert np.array_equal(run["cells"].spikes.ids, known["cells"].spikes.ids)
        assert np.array_equal(run["cells"].spikes.times, known["cells"].spikes.times)
    assert np.array_equal(one["cells"]["v"], two["cells"]["v"])
    assert one["cells"]["v"] == pytest.approx(known["cells"]["v"], rel=1e-9)


@pytest.mark.parametrize("engine", ["reference", "events"])
def test_a_run_is_carried_on_in_the_middle_of_a_drawn_block(engine: str) -> None:
    net = network(weight=60.0)
    whole, half = net.build(engine).run(20.0), net.build(engine).run(10.1)
    state = half.snapshot()
    later = net.build(engine).restore(state).run(9.9)
    assert np.array_equal(later["cells"]["v"], whole["cells"]["v"])
    assert np.array_equal(later["cells"].counts, whole["cells"].counts)


def test_a_network_with_background_survives_json() -> None:
    net = network(rate=Uniform(1.0, 2.0), weight=np.linspace(0, 1, 100), name="noise")
    data = json.loads(json.dumps(net.to_dict(), default=np.ndarray.tolist))
    assert Network.from_dict(data) == net
    assert "noise: Poisson events, counted step by step, probabilities to 2.3e-10" in net.build("reference").plan.describe()


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"rate": -1.0}, "background 'background->cells', rate: must be >= 0 Hz (got -1)"),
        ({"rate": [1.0, 2.0]}, "background 'background->cells', rate: must be one number or 100, one per neuron (got (2,))"),
        ({"weight": float("nan")}, "background 'background->cells', weight: must be finite (got NaN or infinity)"),
        (
            {"weight": "1 mV"},
            "background 'background->cells', weight: must be in pA (got '1 millivolt', which is in millivolt)",
        ),
        ({"receptor": "fast"}, "background 'background->cells': needs a receptor, such as Exponential(tau=5) (got 'fast')"),
        ({"input": "j"}, "background 'background->cells': 'cells' has no input 'j'; known: i"),
        ({"name": "cells"}, "background 'cells': stands in the network already; choose another name"),
    ],
)
def test_a_background_that_cannot_be(values: dict[str, Any], message: str) -> None:
    with pytest.raises(MaichongError) as caught:
        network(**values)
    assert str(caught.value) == message


def test_a_background_that_cannot_be_built() -> None:
    with pytest.raises(MaichongError) as caught:
        network(rate=2e6).build("reference")
    assert str(caught.value) == (
        "background 'background->cells', rate: must be at most 1e+06 Hz, 100 events in a step of 0.1 ms (got 2e+06 Hz); "
        "split it in two, or use fewer events of a larger weight"
    )
    net = Network()
    net.population("x", Poisson(), 3)
    with pytest.raises(MaichongError, match="must end on neurons, and a source receives nothing"):
        net.background("x", rate=1.0, weight=1.0, receptor=CURRENT)
    net = network()
    with pytest.raises(MaichongError, match="stands in the network already"):
        net.background("cells", rate=1.0, weight=1.0, receptor=CURRENT)
    with pytest.raises(MaichongError, match="is the name of something else in the network"):
        net.project("cells", "cells", FixedProbability(0.1), weight=1.0, receptor=CURRENT, name="background->cells")
