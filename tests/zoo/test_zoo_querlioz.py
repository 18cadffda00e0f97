"""Querlioz 2013 as the zoo runs it: the network is the paper's, one neuron silences the others, learning is above chance."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from maichong import data
from maichong.errors import ParameterError
from maichong.zoo import protocol
from maichong.zoo import querlioz_2013 as paper
from maichong.zoo.protocol import Context, Interrupted
from maichong.zoo.querlioz_2013 import Settings, network, periodic

DIGITS = data.load("digits")


def test_the_network_is_the_paper_s() -> None:
    """784 inputs all to all onto n cells with tau = 100 ms and 10 ms of refractoriness, and each of these onto all others."""
    net = network(Settings(neurons=30, falls=0.0), 784, 1)
    assert {name: population.n for name, population in net.populations.items()} == {"input": 784, "exc": 30}
    cell = net.populations["exc"].model
    assert [cell[name] for name in ("tau_m", "v_rest", "v_r", "t_ref")] == [100.0, 0.0, 0.0, 10.0]
    rule = net.projections["learned"].plasticity[0]
    assert [rule[name] for name in ("a_plus", "a_minus", "b_plus", "b_minus", "t_ltp", "w_min", "w_max")] == [
        0.03, 0.03, 3.0, 3.0, 50.0, 1e-4, 1.0,
    ]  # fmt: skip
    assert net.projections["others"].connector.expected(30, 30) == 30 * 29
    # 5 spikes of 30 neurons in 350 ms: one of each neuron in 2.1 s
    assert net.populations["exc"].plasticity[0]["interval"] == pytest.approx(2100)


def test_steps_fall_by_e_within_the_part_of_the_training_that_is_said() -> None:
    net = network(Settings(neurons=30, falls=0.5), 784, 1, presentations=10)
    assert net.projections["learned"].plasticity[0]["tau_gate"] == pytest.approx(0.5 * 10 * 350)


def test_one_spike_resets_the_others_and_holds_them() -> None:
    """A cell that is made to fire takes all others to rest within a step, and they stay below a hundredth of the way to the
    threshold for 10 ms, whatever comes in; without it they would be there."""
    settings = Settings(neurons=4, dt=0.1, v_th=60.0, coding="poisson")
    run = network(settings, 200, 1).build("reference")
    run["input"].set(rate=50.0)
    run["exc"]["v"] = [70.0, 40.0, 50.0, 55.0]
    run.run(0.1)
    assert run["exc"].counts.tolist() == [1, 0, 0, 0]
    held = []
    for _ in range(20):
        run.run(0.5)
        held.append(run["exc"]["v"])
    assert np.max(held) < 6.0
    run.run(20.0)
    assert run["exc"]["v"][1:].min() > 12.0 or run["exc"].counts.sum() > 1


def test_an_input_spike_of_weight_one_raises_a_membrane_by_a_millivolt() -> None:
    """A membrane that does not leak keeps all of it; within dt / 2 tau, as a step holds a current where conductances are about."""
    settings = Settings(neurons=2, min_rate=0.0, dt=0.1, tau_m=1e6)
    run = network(settings, 1, 1).build("reference")
    run.set_weights("learned", [1.0, 0.5])
    run["exc"]["learned.g"] = [1.0, 0.5]
    run.run(150.0)
    assert run["exc"]["v"] == pytest.approx([1.0, 0.5], rel=5e-3)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"neurons": 0}, "querlioz-2013.neurons: must be >= 1 (got 0)"),
        ({"min_rate": -1.0}, "querlioz-2013.min_rate: must be >= 0 (got -1.0)"),
        ({"spikes": 0.0}, "querlioz-2013.spikes: must be > 0 (got 0.0)"),
        ({"coding": "rank"}, "querlioz-2013.coding: must be one of periodic, poisson (got 'rank')"),
    ],
)
def test_settings_that_no_network_has(changed: dict[str, Any], message: str) -> None:
    with pytest.raises(ParameterError) as caught:
        Settings(**changed)
    assert str(caught.value) == message


def test_periodic_trains_have_their_rate_and_hardly_any_noise() -> None:
    """5,000 neurons at 20 Hz for 250 ms: five spikes each, where jitter moves none across an edge; 1 Hz: one in four neurons. Of a
    Poisson train the counts would have a variance of 5."""
    draw = np.random.default_rng(1)
    rates = np.repeat([20.0, 1.0, 0.0], 5000)
    times, ids = periodic(rates, 250.0, 0.1, draw)
    counts = np.bincount(ids, minlength=15_000)
    assert counts[:5000].mean() == pytest.approx(5.0, abs=0.02)
    assert counts[:5000].var() < 0.2
    assert counts[5000:10_000].mean() == pytest.approx(0.25, abs=0.03)
    assert not counts[10_000:].any()
    assert times.min() > 0 and times.max() <= 250
    # phases are even: as many spikes in each tenth of the time
    assert np.histogram(times[ids < 5000], 10, (0, 250))[0] == pytest.approx(np.full(10, 2500), rel=0.08)
    steady, of = periodic(np.array([40.0]), 1000.0, 0.0, draw)
    assert np.diff(steady) == pytest.approx(np.full(of.size - 1, 25.0))


def studied(folder: Path, settings: Settings, dataset: Any = DIGITS) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """The result of one seed, and its arrays; without a report."""
    folder.mkdir(parents=True, exist_ok=True)
    result = paper.reproduce(settings, Context(dataset, 1, folder))
    with np.load(folder / "weights.npz", allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files}
    return {**result.measured, **result.metrics}, arrays


@pytest.mark.slow
def test_a_quick_look_is_far_above_chance(tmp_path: Path) -> None:
    """50 neurons after 300 digits: chance is 10 %; 100 answers reach 50 % by chance with probability 1e-23."""
    metrics, arrays = studied(tmp_path, protocol.settle(paper, "digits", {}, smoke=True))
    assert metrics["test accuracy"] > 50.0
    assert metrics["named_neurons"] > 25
    assert (arrays["weights"].min() >= 1e-4 - 1e-9) and (arrays["weights"].max() <= 1.0)


@pytest.mark.slow
def test_an_interrupted_memristive_run_resumes_bit_for_bit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = protocol.settle(paper, "digits", {"neurons": 20, "train": 40, "label": 40, "test": 20}, smoke=True)
    whole = studied(tmp_path / "whole", settings)
    shown, present = [], paper.present
    monkeypatch.setattr(paper, "present", lambda *given: shown.append(1) or present(*given))
    tmp_path.joinpath("seed-1").mkdir()
    with pytest.raises(Interrupted):
        paper.reproduce(settings, Context(DIGITS, 1, tmp_path / "seed-1", _stop=lambda: len(shown) == 27))
    monkeypatch.undo()
    again = studied(tmp_path / "seed-1", settings)
    assert all(np.array_equal(again[0][key], whole[0][key]) for key in whole[0])
    assert all(np.array_equal(again[1][key], whole[1][key]) for key in whole[1])


@pytest.mark.slow
@pytest.mark.skipif("MAICHONG_DATA" not in os.environ, reason="MNIST is read from MAICHONG_DATA")
def test_fifty_neurons_learn_mnist(tmp_path: Path) -> None:
    """A tenth of an epoch; chance is 10 %."""
    settings = protocol.settle(paper, "mnist", {"neurons": 50, "epochs": 1, "train": 6000, "label": 3000, "test": 1000}, False)
    assert studied(tmp_path, settings, data.load("mnist"))[0]["test accuracy"] > 60.0
