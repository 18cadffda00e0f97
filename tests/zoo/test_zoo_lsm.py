"""The liquid state machine of Zhang 2015 as the zoo runs it: its network, its teacher, its bookkeeping; it hears tones apart."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tones import tones

from maichong import Network, data
from maichong.errors import ParameterError
from maichong.zoo import lsm_2015 as paper
from maichong.zoo import protocol
from maichong.zoo.lsm_2015 import Answers, Settings, TaughtLIF, reservoir, splits, strength
from maichong.zoo.protocol import Context, Interrupted


def test_the_network_is_the_paper_s() -> None:
    """135 neurons, a fifth of them inhibitory, threshold 20, 32 ms, refractory for 2; each channel reaches four, half by -16 mV."""
    net, pool = reservoir(Settings(depth=15), 1)
    assert (pool.n, pool.e.n, pool.i.n, net.dt) == (135, 108, 27, 1.0)
    assert [pool.e.model[name] for name in ("tau_m", "v_th", "v_r", "t_ref")] == [32.0, 20.0, 0.0, 2.0]
    inputs = [p for name, p in net.projections.items() if name.startswith("cochlea")]
    weights = np.concatenate([np.asarray(p.weight) for p in inputs])
    assert weights.size == 64 * 4 and weights.sum() == 0.0
    assert {p.connector.kernel.peak for name, p in net.projections.items() if name.startswith("liquid")} == {
        0.45,
        0.3,
        0.6,
        0.15,
    }


def test_a_spike_of_weight_w_brings_a_membrane_that_does_not_leak_by_w() -> None:
    """3 mV through the excitatory synapse, of 4 and 8 ms, and -2 mV through the inhibitory one."""
    for charge, (rise, decay) in ((3.0, paper.TAU["E"]), (-2.0, paper.TAU["I"])):
        net = Network(dt=1.0)
        x = net.population("x", paper.SpikeTimes([1.0], [0]), 1)
        cell = net.population("cell", paper.LIF(tau_m=1e9, c_m=1.0, v_rest=0.0, v_r=0.0, v_th=100.0), 1)
        receptor = paper.BiExponential(tau_rise=rise, tau_decay=decay)
        net.project(x, cell, paper.AllToAll(), weight=strength(charge, rise, decay), receptor=receptor)
        assert net.build("reference").run(300.0)["cell"]["v"][0] == pytest.approx(charge, rel=1e-5)


def test_the_teacher_pulls_calcium_across_the_threshold_and_lets_it_there() -> None:
    """The wanted neuron is pushed up to c_theta + margin; one that fires too much is held at c_theta - margin, one spike above or
    below; without a teacher a neuron fires as its input has it."""
    net = Network(dt=1.0)
    cell = TaughtLIF(c_theta=5.0, margin=1.0, push=10.0)
    net.population("cells", cell, 4, drive={"i": [0.0, 4.0, 4.0, 0.0], "teacher": [1.0, -1.0, 0.0, -1.0]})
    net.probe("cells", "c")
    run = net.build("reference").run(600.0)
    c = run["cells"].samples("c").values[200:]
    assert c[:, 0].min() > 5.0 and c[:, 0].max() < 7.1
    assert c[:, 1].min() > 2.9 and c[:, 1].max() < 5.1
    assert c[:, 2].min() > 6.0 and c[:, 3].max() == 0.0


def test_answers_are_joined_and_counted() -> None:
    answers = Answers(
        times=np.array([1.0, 60.0, 150.0, 151.0, 5.0]), cells=np.array([0, 1, 1, 0, 1]), starts=np.array([0, 4, 4, 5]),
        ms=np.array([100.0, 30.0, 50.0]), n=2,
    )  # fmt: skip
    times, cells, begins = answers.joined(np.array([2, 0]), 200.0)
    assert times.tolist() == [5.0, 251.0, 310.0, 400.0, 401.0] and cells.tolist() == [1, 0, 1, 1, 0]
    assert begins.tolist() == [0.0, 250.0, 550.0]
    # 150 ms in three parts, of which the first ends with the step to 50 ms; what comes later is not counted
    assert answers.counts(3).tolist() == [[1, 0, 0, 0, 1, 1], [0] * 6, [0, 0, 0, 1, 0, 0]]


def test_few_recordings_still_hold_some_to_learn_and_some_to_test() -> None:
    chosen, found = splits(tones(), Settings(recordings=2))
    assert len(chosen) == 60 and set(found) == {"official"}
    assert len(found["official"].train) == len(found["official"].test) == 30
    found = splits(tones(), Settings(recordings=2, protocol="speakers"))[1]
    assert set(found) == {"ann", "bob", "cyd"} and len(found["ann"].train) == 40 and len(found["ann"].test) == 20
    drawn = splits(tones(), Settings(protocol="random"))[1]["random"]
    assert len(drawn.train) == 84 and len(drawn.test) == 36
    held = splits(tones(), Settings(validate=10))[1]["official"]
    assert len(held.test) == 10 and not tones().tested[held.test].any()


def test_recordings_that_are_all_tested() -> None:
    with pytest.raises(ParameterError) as caught:
        splits(tones(), Settings(recordings=1))
    assert str(caught.value) == (
        "lsm-2015.recordings: must leave some to learn (got 1, all of them tested); take more, or 0 for all"
    )


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"depth": 0}, "lsm-2015.depth: must be >= 1 (got 0)"),
        ({"rest_ms": -1.0}, "lsm-2015.rest_ms: must be >= 0 (got -1.0)"),
        ({"width": 0.0}, "lsm-2015.width: must be > 0 (got 0.0)"),
        ({"protocol": "some"}, "lsm-2015.protocol: must be one of official, random, speakers (got 'some')"),
    ],
)
def test_settings_that_no_liquid_has(changed: dict[str, Any], message: str) -> None:
    with pytest.raises(ParameterError) as caught:
        Settings(**changed)
    assert str(caught.value) == message


SMALL = Settings(channels=16, epochs=4, depth=8, recordings=4)


def studied(folder: Path, settings: Settings, sounds: Any, **more: Any) -> dict[str, Any]:
    folder.mkdir(parents=True, exist_ok=True)
    result = paper.reproduce(settings, Context(sounds, 1, folder, **more))
    return {**result.measured, **result.metrics}


@pytest.mark.slow
def test_it_hears_tones_apart(tmp_path: Path) -> None:
    """Ten pitches, 90 to learn and 30 to test: chance is 10 %; 15 of 30 by chance has a probability of 1e-8."""
    found = studied(tmp_path, SMALL, tones())
    assert found["test accuracy"] >= 50.0 and found["test accuracy, linear readout"] >= 90.0


@pytest.mark.slow
def test_an_interrupted_liquid_resumes_bit_for_bit(tmp_path: Path) -> None:
    sounds = tones(2)
    whole = studied(tmp_path / "whole", SMALL, sounds)
    epochs: list[dict[str, Any]] = []
    told = {"tell": lambda **said: epochs.append(said), "_stop": lambda: sum("learn" in e["stage"] for e in epochs) == 2}
    with pytest.raises(Interrupted):
        studied(tmp_path / "seed-1", SMALL, sounds, **told)
    again = studied(tmp_path / "seed-1", SMALL, sounds)
    assert all(np.array_equal(again[key], whole[key]) for key in whole)


@pytest.mark.slow
@pytest.mark.skipif("MAICHONG_DATA" not in os.environ, reason="FSDD is read from MAICHONG_DATA")
def test_a_quick_look_at_digits_is_above_chance(tmp_path: Path) -> None:
    """8 recordings of each speaker and digit, 16 channels; chance is 10 %, and 25 % of 300 has a probability of 1e-12."""
    found = studied(tmp_path, protocol.settle(paper, "fsdd", {}, smoke=True), data.load("fsdd"))
    assert found["test accuracy, linear readout"] > 40.0 and found["test accuracy"] > 25.0
