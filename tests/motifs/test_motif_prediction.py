"""Profiles of regions from their connections: what can be predicted is, what cannot is not claimed."""

from __future__ import annotations

import numpy as np
import pytest

from maichong.errors import MaichongError
from maichong.motifs import cross_validated, directed_graph, profile_model, regions_of


def a_brain(coupled: bool, regions: int = 24, size: int = 14, seed: int = 0) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Regions that send to two others in some proportion; if coupled, the mutual pairs inside follow that proportion."""
    rng = np.random.default_rng(seed)
    n = regions * size
    of = np.repeat(np.arange(regions), size)
    kind = rng.random(regions)
    inner = kind if coupled else rng.random(regions)
    sources, targets = [], []
    for region in range(regions):
        nodes = np.flatnonzero(of == region)
        a = rng.random((size, size)) < 0.15
        a |= a.T & (rng.random((size, size)) < inner[region])
        u, v = np.nonzero(a)
        # the share of a region's output that goes to region 0 rather than to region 1
        hub = np.where(rng.random(60) < kind[region], 0, 1)
        sources += [nodes[u], rng.choice(nodes, 60)]
        targets += [nodes[v], hub * size + rng.integers(0, size, 60)]
    assert n == len(of)
    return np.concatenate(sources), np.concatenate(targets), [f"r{k:02}" for k in of]


def test_profiles_that_follow_from_connections_are_predicted() -> None:
    """Mutual pairs inside grow with the share of output to one region: better than the mean, and than any shuffled order."""
    sources, targets, names = a_brain(coupled=True)
    regions = regions_of(directed_graph(sources, targets, len(names)), names)
    assert regions.meso.shape == (24, 48) and np.allclose(regions.profiles.sum(axis=1), 1.0)
    found = cross_validated(regions.meso, regions.profiles, folds=6, shuffles=20, seed=1)
    assert found.r2 > 0.25
    assert found.p == pytest.approx(1 / 21)
    assert found.predicted.shape == (24, 13)


def test_profiles_that_do_not_are_not() -> None:
    sources, targets, names = a_brain(coupled=False)
    regions = regions_of(directed_graph(sources, targets, len(names)), names)
    found = cross_validated(regions.meso, regions.profiles, folds=6, shuffles=20, seed=1)
    assert found.r2 < 0.1
    assert found.p > 0.05


def test_a_linear_law_is_found_exactly_and_the_mean_is_zero() -> None:
    rng = np.random.default_rng(2)
    meso = rng.normal(size=(30, 4))
    profiles = meso @ rng.normal(size=(4, 13)) + 3.0
    assert cross_validated(meso, profiles, folds=30, shuffles=2).r2 > 0.999
    assert np.allclose(profile_model(meso, profiles).predict(meso), profiles, atol=0.05)
    assert cross_validated(meso, np.ones((30, 13)), shuffles=2).r2 == 0.0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: cross_validated([[1.0]], [[1.0]]), "must have four regions or more"),
        (lambda: cross_validated(np.eye(5), np.eye(4)), r"as many profiles as regions \(got 5 regions and 4 profiles\)"),
        (lambda: cross_validated(np.eye(5), [["a"]]), r"profiles: must be numbers \[regions, columns\]"),
        (lambda: cross_validated(np.full((5, 2), np.nan), np.eye(5)), "meso: must be finite"),
        (lambda: cross_validated(np.eye(5), np.eye(5), folds=6), "folds: must be a whole number between 2 and 5"),
        (lambda: cross_validated(np.eye(5), np.eye(5), shuffles=0), "shuffles: must be a whole number between 1"),
        (lambda: cross_validated(np.eye(5), np.eye(5), seed=-1), "seed: must be a whole number"),
        (lambda: regions_of(directed_graph([0, 1], [1, 2]), ["a", "a"]), "must be the name of a region for each of 3 nodes"),
        (lambda: regions_of(directed_graph([0, 1], [1, 2]), ["a", "a", "b"]), "must be three or more regions"),
        (lambda: regions_of(directed_graph([0, 1], [1, 2]), ["a", "b", "c"]), "regions_of, a: must have three nodes or more"),
        (
            lambda: regions_of(directed_graph([0], [1], 9), list("aaabbbccc")),
            "regions_of, a: must have a connected triad inside",
        ),
    ],
)
def test_bad_input(call, message: str) -> None:
    with pytest.raises(MaichongError, match=message):
        call()
