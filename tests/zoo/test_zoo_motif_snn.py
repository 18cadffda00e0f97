"""Motif networks that hear digits: their recursion, their masks, what is mixed; they hear tones apart and resume bit for bit."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import Any

import networkx
import numpy as np
import pytest
import torch
from recursions import Layer, same_training
from tones import tones

from maichong import data, files
from maichong.errors import ParameterError
from maichong.motifs import CONNECTED, DirectedGraph
from maichong.zoo import motif_snn_2023 as paper
from maichong.zoo import protocol
from maichong.zoo.motif_snn_2023 import BESIDE, Settings, drawn_masks, heard, learned_mask, network, optimiser, splits
from maichong.zoo.protocol import Context, Interrupted
from maichong.zoo.voices import mixture, others

needs_data = pytest.mark.skipif("MAICHONG_DATA" not in os.environ, reason="FSDD and C. elegans are read from MAICHONG_DATA")


@pytest.mark.parametrize("mask", ["random", "dense", "none"])
def test_the_net_is_the_recursion_that_is_written_down(mask: str) -> None:
    """Outputs and all gradients, with the mask multiplied in by hand; a weight that is not there gets no gradient."""
    settings = Settings(neurons=20, channels=6, density=0.3, masks="none,dense,random")
    graph = drawn_masks(settings, 1)[mask]
    torch.manual_seed(1)
    net = network(settings, graph).double()
    kept = torch.zeros(20, 20, dtype=torch.float64)
    kept[graph.targets, graph.sources] = 1.0
    raw = net[1].parametrizations.weight.original if graph.arcs else torch.zeros(20, 20, dtype=torch.float64)

    def forward(x: torch.Tensor) -> torch.Tensor:
        layer = Layer(lambda s: s @ (kept * raw).t())
        return sum(net[2](layer(net[0](now))) for now in x) / len(x)

    x, y = 3.0 * torch.randn(7, 4, 6, dtype=torch.float64), torch.rand(4, 10, dtype=torch.float64)
    net[2].bias.data += 0.5
    same_training(net, forward, x, y)
    if graph.arcs:
        assert (raw.grad[kept == 0] == 0).all() and (raw.grad[kept == 1] != 0).any()


def test_masks_have_the_arcs_that_they_should() -> None:
    settings = Settings(neurons=50, density=0.2, masks="none,dense,random")
    masks = drawn_masks(settings, 1)
    assert {name: mask.arcs for name, mask in masks.items()} == {"none": 0, "dense": 50 * 49, "random": 490}
    for mask in masks.values():
        assert mask.n == 50 and not (np.asarray(mask.sources) == np.asarray(mask.targets)).any()
        pairs = set(zip(mask.sources.tolist(), mask.targets.tolist(), strict=True))
        assert len(pairs) == mask.arcs
    again, other = drawn_masks(settings, 1)["random"], drawn_masks(settings, 2)["random"]
    assert np.array_equal(again.targets, masks["random"].targets) and not np.array_equal(other.targets, again.targets)


def networkx_shares(arcs: Any) -> np.ndarray:
    census = networkx.triadic_census(networkx.DiGraph((a, b) for a, b in arcs if a != b))
    counts = np.array([census[man] for man in CONNECTED], float)
    return counts / counts.sum()


@needs_data
def test_a_motif_mask_has_the_triads_of_c_elegans() -> None:
    """Both counted by NetworkX: nearer than 0.02 in total variation; chance is far from it, and so are networks of its degrees."""
    settings = Settings(neurons=100)
    masks = drawn_masks(settings, 3)
    assert masks["motif"].arcs == masks["random"].arcs == 1980
    worm = data.load("networks")
    wanted = networkx_shares(zip(worm.sources.tolist(), worm.targets.tolist(), strict=True))

    def apart(mask: DirectedGraph) -> float:
        return 0.5 * float(
            np.abs(networkx_shares(zip(mask.sources.tolist(), mask.targets.tolist(), strict=True)) - wanted).sum()
        )

    assert apart(masks["motif"]) < 0.02 and apart(masks["random"]) > 0.1 and apart(masks["rewired"]) > 0.04
    for degree in ("out_degrees", "in_degrees"):
        assert np.array_equal(getattr(masks["rewired"], degree), getattr(masks["motif"], degree))


def test_another_speaker_is_quieter_by_as_many_decibels() -> None:
    draw = np.random.default_rng(1)
    word, other = (draw.integers(-9000, 9000, n).astype(np.int16) for n in (500, 300))
    mixed = mixture(word, other, 6.0)
    added = mixed - word
    assert len(mixed) == 500 and not added[300:].any()
    np.testing.assert_allclose(added[:300] / other, (added[:300] / other)[0])
    ratio = np.mean(word.astype(float) ** 2) / np.mean(added[:300] ** 2)
    assert 10 * np.log10(ratio) == pytest.approx(6.0)
    long = mixture(other, word, -3.0) - other  # what goes on when the word has ended is not heard
    assert 10 * np.log10(np.mean(other.astype(float) ** 2) / np.mean(long**2)) == pytest.approx(-3.0)
    assert np.array_equal(mixture(word, np.zeros(9, np.int16), 6.0), word)


def test_another_speaker_says_another_digit() -> None:
    sounds = tones()
    pool, which = np.flatnonzero(~sounds.tested), np.flatnonzero(sounds.tested)
    beside = others("here", sounds, which, pool, 1)
    assert np.isin(beside, pool).all() and len(set(beside.tolist())) > 10
    assert (sounds.y[beside] != sounds.y[which]).all() and (sounds.speaker[beside] != sounds.speaker[which]).all()
    with pytest.raises(ParameterError) as caught:
        others("here", sounds, which, pool[sounds.speaker[pool] == 0], 1)
    said = "here: must leave other speakers' other words to mix in (got one speaker or one word alone); take more"
    assert str(caught.value) == said


@pytest.mark.parametrize("name", ["official", "random", "speakers"])
def test_no_recording_is_in_two_parts(name: str) -> None:
    sounds = tones(10)
    parts = splits(sounds, Settings(protocol=name, validate=40), 2)
    all_of_them = np.concatenate(list(parts.values()))
    assert len(all_of_them) == len(set(all_of_them.tolist())) == 300 and len(parts["validation"]) == 40
    if name == "official":
        assert sounds.tested[parts["test"]].all() and not sounds.tested[parts["train"]].any()
    if name == "speakers":
        assert set(sounds.speaker[parts["test"]]) == {1}
        assert set(sounds.speaker[splits(sounds, Settings(protocol=name, validate=40), 4)["test"]]) == {0}
    few = splits(sounds, Settings(protocol=name, validate=40, train=50, test=20), 2)
    assert [len(few[part]) for part in ("train", "validation", "test")] == [50, 40, 20]
    assert np.bincount(sounds.y[few["train"]]).tolist() == [5] * 10 and np.isin(few["train"], parts["train"]).all()
    assert np.isin(few["test"], parts["test"]).all()


def test_a_mixed_share_of_words_to_learn_and_none_of_others() -> None:
    settings = Settings(mixed=0.25, validate=20, steps=20, channels=8)
    split = heard(tones(), settings, 1)["train"]
    assert split.x.shape == (70, 2, 20, 8)
    alone = paper.prepared(settings)(split.x, False)
    beside = paper.prepared(settings, beside=True)(split.x, False)
    torch.testing.assert_close(alone, settings.gain * (split.x[:, 0].movedim(1, 0) - settings.shift))
    differ = (alone != beside).any(dim=2).any(dim=0)
    assert differ.all()
    torch.manual_seed(1)
    many = split.x.repeat(20, 1, 1, 1)
    learned = paper.prepared(settings)(many, True)
    share = (learned != alone.repeat(1, 20, 1)).any(dim=2).any(dim=0).float().mean()
    assert share == pytest.approx(0.25, abs=0.05)  # four standard deviations of 1,400 draws


@pytest.mark.parametrize(("matched", "arcs"), [(True, 33), (False, 39)])
def test_a_learned_mask_has_the_arcs_of_the_largest_logits(matched: bool, arcs: int) -> None:
    """Logits rise from 0 by one an arc, [post, pre] in order: 43 are > 0, 4 of them of neurons to themselves."""
    settings = Settings(neurons=12, channels=4, density=0.25, matched=matched)
    net = network(settings, None)
    net[1].parametrizations.weight[0].theta.data = torch.arange(144.0).view(12, 12) - 100.5
    graph = learned_mask(settings, net)
    places = [k for k in range(143, -1, -1) if k % 13][:arcs]
    assert set(zip(graph.targets.tolist(), graph.sources.tolist(), strict=True)) == {divmod(k, 12) for k in places}


def test_logits_of_a_mask_learn_at_a_rate_of_their_own() -> None:
    settings = Settings(neurons=12, channels=4)
    groups = optimiser(settings, network(settings, None)).param_groups
    assert [group["lr"] for group in groups] == [settings.lr, settings.mask_lr]
    assert [tuple(value.shape) for value in groups[1]["params"]] == [(12, 12)]
    assert len(optimiser(settings, network(settings, drawn_masks(Settings(masks="none"), 1)["none"])).param_groups) == 1


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"neurons": 3}, "motif-snn-2023.neurons: must be >= 4 (got 3)"),
        ({"validate": 0}, "motif-snn-2023.validate: must be >= 1 (got 0)"),
        ({"lr": 0.0}, "motif-snn-2023.lr: must be > 0 (got 0.0)"),
        ({"density": 1.0}, "motif-snn-2023.density: must be < 1 (got 1.0)"),
        ({"decay": 1.5}, "motif-snn-2023.decay: must be < 1 (got 1.5)"),
        ({"mixed": 1.5}, "motif-snn-2023.mixed: must be a chance, <= 1 (got 1.5)"),
        ({"protocol": "some"}, "motif-snn-2023.protocol: must be one of official, random, speakers (got 'some')"),
        (
            {"masks": "none,all"},
            "motif-snn-2023.masks: must name some of none,dense,random,motif,rewired,learned, each once (got 'none,all')",
        ),
        (
            {"masks": "none,none"},
            "motif-snn-2023.masks: must name some of none,dense,random,motif,rewired,learned, each once (got 'none,none')",
        ),
    ],
)
def test_settings_that_cannot_be(changed: dict[str, Any], message: str) -> None:
    with pytest.raises(ParameterError) as caught:
        Settings(**changed)
    assert str(caught.value) == message


def test_its_claims_are_about_what_a_run_without_settings_measures() -> None:
    known = {**dataclasses.asdict(Settings()), "data": "fsdd"}
    quantities = {f"{a} over {b}{beside}" for a, b in paper.OVER for beside in ("", BESIDE)}
    for claim in paper.CLAIMS:
        assert all(known[key] == value for key, value in claim.when.items()) and claim.when["tested"]
        assert claim.quantity in quantities


SMALL = Settings(
    masks="none,random,learned", neurons=40, channels=16, steps=16, epochs=8, mask_epochs=3, batch=20, validate=30, density=0.2
)


def studied(folder: Path, settings: Settings, sounds: Any, **more: Any) -> protocol.Result:
    folder.mkdir(parents=True, exist_ok=True)
    return paper.reproduce(settings, Context(sounds, 1, folder, **more))


def test_it_hears_tones_apart_and_resumes_bit_for_bit(tmp_path: Path) -> None:
    """Ten pitches, 30 to test: chance is 10 %, and 15 of 30 by chance has a probability of 1e-8. Stopped while it learns a mask and
    while a net learns, it ends where the other did."""
    sounds = tones(10)
    whole = studied(tmp_path / "whole", SMALL, sounds)
    for mask in ("none", "random", "learned"):
        assert whole.measured[f"test accuracy, {mask}"] >= 50.0
    a, b = (whole.measured[f"test accuracy, {mask}{BESIDE}"] for mask in ("learned", "random"))
    assert whole.measured[f"learned over random{BESIDE}"] == pytest.approx(a - b)

    _, weights = files.read_bundle(tmp_path / "whole" / "weights.npz")
    arcs = whole.metrics["masks"]["learned"]["arcs"]
    assert arcs == whole.metrics["masks"]["random"]["arcs"] == 312
    kept = weights["learned.1.parametrizations.weight.0.mask"]
    assert kept.sum() == arcs and not kept.diagonal().any()
    assert all(len(one.figure) > 0 if isinstance(one.figure, bytes) else one.figure.axes for one in whole.figures())

    heard_of, stops = 0, (7, 60)

    def stop() -> bool:
        nonlocal heard_of
        heard_of += 1
        return heard_of in stops

    for _ in stops:
        with pytest.raises(Interrupted):
            studied(tmp_path / "parts", SMALL, sounds, _stop=stop)
    parts = studied(tmp_path / "parts", SMALL, sounds)
    assert parts.measured == whole.measured
    _, others_weights = files.read_bundle(tmp_path / "parts" / "weights.npz")
    assert weights.keys() == others_weights.keys()
    assert all(np.array_equal(weights[key], others_weights[key]) for key in weights)


def test_the_test_split_is_left_alone_while_settings_are_chosen(tmp_path: Path) -> None:
    sounds = tones(6)
    unheard = dataclasses.replace(sounds, samples=sounds.samples.copy())
    for k in np.flatnonzero(sounds.tested):  # other sounds to test on change nothing
        unheard.samples[sounds.offsets[k] : sounds.offsets[k + 1]] = 0
    settings = dataclasses.replace(SMALL, masks="none,random", epochs=1, tested=False)
    one, other = (studied(tmp_path / name, settings, each) for name, each in (("a", sounds), ("b", unheard)))
    assert one.measured == other.measured and not any("test" in name for name in one.measured)
    assert one.metrics["differences of"] == "validation"


@pytest.mark.slow
@needs_data
def test_a_quick_look_at_digits_is_above_chance(tmp_path: Path) -> None:
    """600 recordings to learn and 100 held back; chance is 10 %, and 30 % has a probability of 1e-8."""
    settings = protocol.settle(paper, "fsdd", {"tested": False}, smoke=True)
    found = studied(tmp_path, settings, data.load("fsdd")).measured
    assert all(found[f"validation accuracy, {mask}"] > 30.0 for mask in paper.MASKS)
