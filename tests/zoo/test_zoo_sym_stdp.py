"""Hao et al. 2020 as the zoo runs it: cached answers are those that were given, teachers teach, runs resume bit for bit."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from maichong import data
from maichong.errors import ParameterError
from maichong.zoo import protocol
from maichong.zoo import sym_stdp_2020 as paper
from maichong.zoo.protocol import Context, Interrupted
from maichong.zoo.sym_stdp_2020 import Settings, Trains, answer, class_network, network, teach, trains_of

DIGITS = data.load("digits")


def test_the_hidden_layer_is_the_paper_s() -> None:
    """784 Poisson inputs all to all onto n cells; a partner each, which inhibits all others; sums of 78.4."""
    net = network(Settings(neurons=30), 784, 1)
    sizes = {
        (p.pre, p.post): p.connector.expected(net.populations[p.pre].n, net.populations[p.post].n)
        for p in net.projections.values()
    }
    assert sizes == {("input", "exc"): 23_520, ("exc", "inh"): 30, ("inh", "exc"): 870}
    exc, inh = net.populations["exc"].model, net.populations["inh"].model
    assert [exc[name] for name in ("tau_m", "v_rest", "v_r", "t_ref")] == [100.0, -65.0, -65.0, 2.0]
    assert [inh[name] for name in ("tau_m", "v_rest", "v_r", "v_th", "t_ref")] == [10.0, -60.0, -45.0, -40.0, 2.0]
    rule, total = net.projections["learned"].plasticity
    assert [rule[name] for name in ("eta_pre", "eta_post", "tau", "w_max")] == [5e-4, 5e-4, 20.0, 1.0]
    assert total["total"] == 78.4


def test_lengths_may_be_kept_instead_of_sums() -> None:
    """As long with 64 inputs as with 784 where all weights are the same: length ~ sqrt(inputs)."""
    lengths = [
        network(Settings(neurons=3, norm="length"), n, 1).projections["learned"].plasticity[1]["length"] for n in (784, 64)
    ]
    assert lengths == pytest.approx([5.6, 5.6 * 8 / 28])


OURS = {
    "falls": 0.4, "norm": "length", "thresholds": "equal", "class_eta": 8e-3, "class_mean": 3.2, "class_most": 32.0,
    "class_sum": "outgoing",
}  # fmt: skip
AUTHORS = {
    "falls": 0.0, "norm": "sum", "thresholds": "own", "class_eta": 4e-3, "class_mean": 0.8, "class_most": 8.0,
    "class_sum": "incoming",
}  # fmt: skip


@pytest.mark.parametrize(
    ("neurons", "wanted"),
    [
        (400, {"epochs": 5, "eta": 2e-3, "theta_plus": 0.15, "tau_theta": 6e6, **OURS}),
        (1600, {"epochs": 4, "eta": 6e-3, "theta_plus": 0.3, "tau_theta": 8e6, **OURS}),
        (6400, {"epochs": 1, "eta": 1e-3, "theta_plus": 0.05, "tau_theta": 2e7, **AUTHORS}),
    ],
)
def test_the_largest_layer_has_the_authors_constants(neurons: int, wanted: dict[str, object]) -> None:
    """A tenth of the rates of the authors, whose traces jump by a tenth; smaller ones what was chosen on images held back."""
    settings = protocol.settle(paper, "mnist", {"neurons": neurons}, smoke=False)
    assert {name: getattr(settings, name) for name in wanted} == wanted
    assert protocol.settle(paper, "mnist", {"neurons": neurons, "eta": 0.07}, smoke=False).eta == 0.07


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"class_epochs": 0}, "sym-stdp-2020.class_epochs: must be >= 1 (got 0)"),
        ({"eta": 0.0}, "sym-stdp-2020.eta: must be > 0 (got 0.0)"),
        ({"norm": "max"}, "sym-stdp-2020.norm: must be one of sum, length (got 'max')"),
        ({"thresholds": "same"}, "sym-stdp-2020.thresholds: must be one of own, equal (got 'same')"),
        ({"class_most": 0.5}, "sym-stdp-2020.class_most: must be > class_mean, 0.8 (got 0.5)"),
    ],
)
def test_settings_that_cannot_learn(changed: dict[str, Any], message: str) -> None:
    with pytest.raises(ParameterError) as caught:
        Settings(**changed)
    assert str(caught.value) == message


# what hidden neurons answered ------------------------------------------------------------------------------------------


def test_recorded_spikes_are_cut_into_images() -> None:
    """Three images of 10 ms, the second shown twice: (0, 10], (20, 30] and (30, 40]; an edge belongs to what is over."""
    times = np.array([0.5, 3.0, 10.0, 12.0, 20.5, 30.0, 31.0, 40.0])
    spikes = SimpleNamespace(times=times, ids=np.arange(8))
    run: Any = Recorded({"exc": SimpleNamespace(spikes=spikes)})
    found = trains_of(run, np.array([10.0, 30.0, 40.0]), 10.0)
    assert found.starts.tolist() == [0, 3, 5, 7]
    assert found.ids.tolist() == [0, 1, 2, 4, 5, 6, 7]
    assert (found.steps * 0.5).tolist() == [0.5, 3.0, 10.0, 0.5, 10.0, 1.0, 10.0]


class Recorded(dict):
    """What ``trains_of`` reads of a run."""

    network = SimpleNamespace(dt=0.5)


TRAINS = Trains(np.array([2, 10, 30, 4], np.int32), np.array([0, 1, 1, 2], np.int32), np.array([0, 3, 4]))
SMALL = Settings(neurons=3, present_ms=40.0, rest_ms=20.0)


def test_a_cached_answer_is_given_again() -> None:
    """Image 0: neurons 0, 1, 1 after 1, 5, 15 ms; image 1: neuron 2 after 2 ms."""
    net = class_network(SMALL, 2, 1, taught=False)
    net.probe("hidden", "spikes")
    run = net.build("reference").run(7.0)
    run.learning = False
    for image in (0, 1):
        answer(run, TRAINS, image, SMALL)
    spikes = run["hidden"].spikes
    assert spikes.times.tolist() == [8.0, 12.0, 22.0, 69.0]
    assert spikes.ids.tolist() == [0, 1, 1, 2]


def test_only_the_teacher_makes_a_class_cell_fire_while_it_is_taught() -> None:
    """Weights of 8 onto a cell: without its teacher it is silent; the cell of the right class fires at some 200 Hz."""
    settings = Settings(neurons=3, present_ms=1000.0, rest_ms=20.0)
    run = class_network(settings, 2, 1, taught=True).build("reference")
    run.set_weights("learned", 2.0 / 3.0)
    fired = teach(run, TRAINS, 0, 1, settings)
    assert fired[0] == 0
    assert 150 < fired[1] < 250
    quiet = Settings(neurons=3, present_ms=40.0, rest_ms=20.0, teacher_rate=1e-9)
    assert teach(run, TRAINS, 0, 1, quiet).tolist() == [0, 0]


@pytest.mark.parametrize(("kept", "axis", "total"), [("incoming", 0, 3 * 0.8), ("outgoing", 1, 2 * 0.8)])
def test_a_class_cell_learns_which_neurons_fire_with_it(kept: str, axis: int, total: float) -> None:
    """Neurons 0 and 1 for class 0, neuron 2 for class 1, after fifteen images of each; the sums stay, 0.8 a weight."""
    settings = Settings(neurons=3, present_ms=40.0, rest_ms=40.0, class_eta=0.2, class_sum=kept)
    run = class_network(settings, 2, 1, taught=True).build("reference")
    for _ in range(15):
        for image in (0, 1):
            teach(run, TRAINS, image, image, settings)
    run.signal("sample")
    w = run.weights("learned")
    assert w.sum(axis=axis) == pytest.approx(total, rel=1e-12)
    assert w[0, 0] > w[0, 1] and w[1, 0] > w[1, 1] and w[2, 1] > w[2, 0]
    alone = class_network(settings, 2, 1, taught=False).build("reference")
    alone.learning = False
    alone.set_weights("learned", np.minimum(4.0 * w, 8.0))
    assert answer(alone, TRAINS, 0, settings).argmax() == 0
    assert answer(alone, TRAINS, 1, settings).argmax() == 1


# the whole -----------------------------------------------------------------------------------------------------------------


def studied(folder: Path, settings: Settings, dataset: Any = DIGITS) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """The result of one seed, and its arrays; without a report."""
    folder.mkdir(parents=True, exist_ok=True)
    result = paper.reproduce(settings, Context(dataset, 1, folder))
    with np.load(folder / "weights.npz", allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files}
    return {**result.measured, **result.metrics}, arrays


@pytest.mark.slow
@pytest.mark.parametrize("at", [17, 30 + 11, 60 + 5, 70 + 13, 100 + 4])
def test_an_interrupted_supervised_run_resumes_bit_for_bit(at: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C in each of the five passes: 30 to learn, 30 and 10 to answer, 30 to teach, 10 to test."""
    given = {"neurons": 20, "train": 30, "test": 10, "norm": "length", "thresholds": "equal"}
    settings = protocol.settle(paper, "digits", given, smoke=True)
    whole = studied(tmp_path / "whole", settings)
    shown: list[int] = []
    for name in ("present", "teach", "answer"):
        shows = getattr(paper, name)
        monkeypatch.setattr(paper, name, lambda *given, shows=shows: shown.append(1) or shows(*given))
    tmp_path.joinpath("seed-1").mkdir()
    with pytest.raises(Interrupted):
        paper.reproduce(settings, Context(DIGITS, 1, tmp_path / "seed-1", _stop=lambda: len(shown) >= at))
    assert len(shown) == at
    monkeypatch.undo()
    again = studied(tmp_path / "seed-1", settings)
    assert all(np.array_equal(again[0][key], whole[0][key]) for key in whole[0])
    assert all(np.array_equal(again[1][key], whole[1][key]) for key in whole[1])


@pytest.mark.slow
def test_a_quick_look_at_the_class_cells_is_far_above_chance(tmp_path: Path) -> None:
    """50 neurons after 300 digits: chance is 10 %; 100 answers reach 50 % by chance with probability 1e-23."""
    metrics, arrays = studied(tmp_path, protocol.settle(paper, "digits", {}, smoke=True))
    assert metrics["test accuracy"] > 50.0
    assert metrics["test accuracy, hidden neurons named"] > 50.0
    assert (arrays["class_weights"].min() >= 0) and (arrays["class_weights"].max() <= 8.0)


@pytest.mark.slow
def test_thresholds_may_be_equal_when_the_neurons_have_learned(tmp_path: Path) -> None:
    """The mean of those that each neuron found for itself, from the same seed."""
    arrays = {}
    for thresholds in ("own", "equal"):
        given = {"neurons": 20, "train": 30, "test": 10, "thresholds": thresholds}
        arrays[thresholds] = studied(tmp_path / thresholds, protocol.settle(paper, "digits", given, smoke=True))[1]
    assert np.array_equal(arrays["own"]["weights"], arrays["equal"]["weights"])
    assert np.ptp(arrays["own"]["theta"]) > 1.0
    assert arrays["equal"]["theta"] == pytest.approx(np.full(20, arrays["own"]["theta"].mean()), rel=1e-6)


@pytest.mark.slow
@pytest.mark.skipif("MAICHONG_DATA" not in os.environ, reason="MNIST is read from MAICHONG_DATA")
def test_a_hundred_neurons_and_their_class_cells_learn_mnist(tmp_path: Path) -> None:
    """A tenth of an epoch; chance is 10 %."""
    settings = protocol.settle(paper, "mnist", {"neurons": 100, "train": 6000, "test": 1000}, smoke=False)
    assert studied(tmp_path, settings, data.load("mnist"))[0]["test accuracy"] > 60.0
