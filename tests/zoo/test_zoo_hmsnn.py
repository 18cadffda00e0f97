"""HMSNN as the zoo runs it: who wins a cycle, what is imprinted, scaling, what CA3 completes; digits in noise."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from maichong import data
from maichong.errors import ParameterError
from maichong.zoo import hmsnn_2016 as paper
from maichong.zoo import protocol
from maichong.zoo.hmsnn_2016 import (
    FIT,
    Settings,
    ca3,
    code,
    dentate,
    imprint,
    recall,
    scale,
    store,
)
from maichong.zoo.patterns import noisy, overlap, similarity, swapped
from maichong.zoo.protocol import Context

SMALL = Settings(dg=40, dg_active=6, ca3=400, ca3_active=20, mossy=4, patterns=10)
PIXELS = 64


def drawn(n: int, seed: int = 1) -> np.ndarray:
    """Images of random pixels, of which a third is bright."""
    return np.random.default_rng(seed).random((n, PIXELS)) < 1 / 3


@pytest.fixture(scope="module")
def imprinted() -> tuple[Any, np.ndarray]:
    """A dentate gyrus with an image for each cell, and the images."""
    images = drawn(SMALL.dg)
    run = dentate(SMALL, PIXELS, 1).build("events")
    run.learning = False
    imprint(run, images, (8, 8), lambda _: None)
    return run, images


def test_a_cell_is_imprinted_with_the_mean_of_what_the_eye_saw(imprinted: tuple[Any, np.ndarray]) -> None:
    """Of five views, each a tenth of a millisecond older and so a hundredth fainter; dark cells have the opposite weights."""
    run, images = imprinted
    share = np.exp(-(0.5 + 0.1 * np.arange(5)[::-1]) / 10.0)
    views = np.stack([np.roll(images.reshape(-1, 8, 8), by, axis=(1, 2)).reshape(-1, PIXELS) for by in paper.VIEWS])
    mean = np.tensordot(share / share.sum(), views, axes=1)
    weights = run.weights("perforant")
    left = 5e-4 * FIT / PIXELS  # a trace lives on for ten of its time constants, until the next image
    assert np.abs(weights[:PIXELS].T - FIT / PIXELS * (2.0 * mean - 1.0)).max() < left
    assert np.abs(weights[PIXELS:] + weights[:PIXELS]).max() < 2 * left


def test_the_cells_that_an_image_fits_best_win(imprinted: tuple[Any, np.ndarray]) -> None:
    """The basket cell stops the others within three steps, 1.5 mV of excitation."""
    run, images = imprinted
    for bright in (images[7], noisy(images[7], 0.4, np.random.default_rng(2)), drawn(1, 9)[0]):
        fit = np.where(np.concatenate([bright, ~bright])[:, None], run.weights("perforant"), 0.0).sum(axis=0)
        won, best = code(run, bright), np.sort(fit)[::-1]
        assert 6 <= won.sum() <= 10
        assert set(np.flatnonzero(fit >= best[5])) <= set(np.flatnonzero(won))
        assert fit[won].min() >= best[5] - 1.5 - 1e-9
    assert code(run, images[7])[7]


def test_codes_are_further_apart_than_images(imprinted: tuple[Any, np.ndarray]) -> None:
    run, _ = imprinted
    images = drawn(20, 5)
    images[1:] = noisy(np.tile(images[0], (19, 1)), 0.4, np.random.default_rng(4))  # variants of one
    codes = np.array([code(run, bright) for bright in images])
    assert similarity(codes) < similarity(images)


def test_scaling_makes_cells_equally_active_and_leaves_what_they_prefer(imprinted: tuple[Any, np.ndarray]) -> None:
    run, _ = imprinted
    before = run.weights("perforant")
    seen = noisy(np.tile(drawn(2, 11), (100, 1)), 0.5, np.random.default_rng(6))
    used = np.mean([code(run, bright) for bright in seen[:60]], axis=0)
    scale(run, seen, SMALL, lambda _: None)
    after = run.weights("perforant")
    now = np.mean([code(run, bright) for bright in seen[:60]], axis=0)
    ratio = after / before
    assert ratio == pytest.approx(np.tile(ratio[0], (2 * PIXELS, 1)), rel=1e-9)
    assert now.std() < used.std()
    run.set_weights("perforant", before)


@pytest.mark.slow
def test_ca3_completes_cues_of_which_a_third_is_wrong() -> None:
    """Ten patterns of twenty cells of 400, from random codes; where nothing is stored nothing is completed."""
    run = ca3(SMALL, 1).build("events")
    run.learning = False
    draw = np.random.default_rng(8)
    codes = np.array([np.isin(np.arange(40), draw.choice(40, 6, replace=False)) for _ in range(6)])
    patterns = [store(run, one, SMALL) for one in codes]
    assert all(20 <= pattern.sum() <= 26 for pattern in patterns)
    cues = [swapped(pattern, 0.3, draw) for pattern in patterns]
    assert all(overlap(cue, pattern) == pytest.approx(0.7, abs=0.03) for cue, pattern in zip(cues, patterns, strict=True))
    assert np.mean([overlap(recall(run, cue), pattern) for cue, pattern in zip(cues, patterns, strict=True)]) > 0.9
    run.set_weights("recurrent", 0.0)
    assert overlap(recall(run, cues[0]), patterns[0]) < 0.5


def test_overlap_and_noise() -> None:
    a, b = np.array([1, 1, 0, 0], bool), np.array([1, 0, 1, 0], bool)
    assert (overlap(a, a), overlap(a, b), overlap(a, ~a)) == (pytest.approx(1.0), pytest.approx(0.5), 0.0)
    assert similarity(np.array([a, b, ~a])) == pytest.approx((0.5 + 0.0 + 0.5) / 3)
    white = noisy(np.ones((100, 1000), bool), 0.4, np.random.default_rng(1))
    assert 1.0 - white.mean() == pytest.approx(0.2, abs=0.005)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"dg": 0}, "hmsnn-2016.dg: must be >= 1 (got 0)"),
        ({"noise": -0.1}, "hmsnn-2016.noise: must be >= 0 (got -0.1)"),
        ({"penalty": 0.0}, "hmsnn-2016.penalty: must be > 0 (got 0.0)"),
    ],
)
def test_settings_that_no_hippocampus_has(changed: dict[str, Any], message: str) -> None:
    with pytest.raises(ParameterError) as caught:
        Settings(**changed)
    assert str(caught.value) == message


@pytest.mark.parametrize("name", ["dg", "patterns"])
def test_more_cells_or_patterns_than_images(name: str, tmp_path: Path) -> None:
    settings = Settings(**{"dg": 50, "train": 100, name: 101})
    with pytest.raises(ParameterError) as caught:
        paper.reproduce(settings, Context(data.load("digits"), 1, tmp_path))
    assert str(caught.value) == (
        f"hmsnn-2016.{name}: must be at most 100, as each takes a training image (got 101); use more images, train=0 for all"
    )


@pytest.mark.slow
def test_it_reads_the_embedded_digits_in_noise(tmp_path: Path) -> None:
    """200 cells after 1,000 of the 8 x 8 digits; a run that went on from its checkpoint finds the same."""
    settings = protocol.settle(paper, "digits", {}, smoke=True)
    found = [paper.reproduce(settings, Context(data.load("digits"), 1, tmp_path)).measured for _ in range(2)]
    assert found[0]["test accuracy"] > 80.0 and found[0]["accuracy in noise"] > 50.0
    assert found[0] == found[1]
