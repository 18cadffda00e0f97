"""Matrices hold what was given, lines go where synapses go."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from matplotlib.colors import to_rgba

from maichong.errors import ParameterError
from maichong.plots import ACCENT, EXCITATION, INHIBITION, adjacency, wiring


def test_cells_are_numbers_of_synapses_or_sums_of_weights():
    pre, post = [0, 0, 2, 2], [1, 1, 0, 3]
    shown = np.asarray(adjacency(pre, post, sizes=(3, 5)).images[0].get_array())
    np.testing.assert_array_equal(shown, [[0, 2, 0, 0, 0], [0, 0, 0, 0, 0], [1, 0, 0, 1, 0]])
    ax = adjacency(pre, post, sizes=(3, 5), weight=[1.0, 0.5, -2.0, 1.0], weight_label="weight (pA)")
    np.testing.assert_array_equal(np.asarray(ax.images[0].get_array())[[0, 2, 2], [1, 0, 3]], [1.5, -2.0, 1.0])
    assert ax.images[0].get_clim() == (-2.0, 2.0) and ax.images[0].colorbar.ax.get_ylabel() == "weight (pA)"
    assert ax.get_title(loc="left") == "4 synapses, 20 % of 15 pairs"


def test_many_neurons_share_cells_and_nothing_is_lost():
    rng = np.random.default_rng(1)
    n = 1001
    pre, post = rng.integers(0, n, 5000), rng.integers(0, 300, 5000)
    shown = np.asarray(adjacency(pre, post, sizes=(n, 300)).images[0].get_array())
    assert shown.shape == (400, 300)
    rows = np.bincount(np.arange(n) * 400 // n)
    assert (shown * rows[:, None]).sum() == pytest.approx(5000)
    row = shown[pre[0] * 400 // n] * rows[pre[0] * 400 // n]
    assert row[post[0]] == pytest.approx(((pre * 400 // n == pre[0] * 400 // n) & (post == post[0])).sum())


def test_lines_go_from_source_to_target_in_the_colour_of_the_source():
    places = np.array([[0.0, 0.0, 9.0], [1.0, 2.0, 9.0], [3.0, 1.0, 9.0]])
    ax = wiring(places, [0, 2], [1, 0], kinds=["excitatory", "other", "inhibitory"])
    thin, thick = ax.collections[:2]
    np.testing.assert_array_equal(thin.get_segments(), [places[[0, 1], :2], places[[2, 0], :2]])
    np.testing.assert_allclose(thick.get_segments()[0], [[0.75, 1.5], [1.0, 2.0]])
    assert [tuple(colour[:3]) for colour in thin.get_colors()] == [to_rgba(colour)[:3] for colour in (EXCITATION, INHIBITION)]
    np.testing.assert_array_equal(ax.collections[2].get_offsets(), places[:, :2])
    np.testing.assert_allclose(ax.collections[2].get_facecolors()[1], to_rgba(ACCENT))


def test_the_title_says_how_many_are_drawn_and_neurons_without_places_stand_on_a_ring():
    ax = wiring(None, np.zeros(100, int), np.arange(100) % 7, n=8, most=10)
    assert ax.get_title(loc="left") == "8 neurons, 100 synapses, 10 drawn"
    np.testing.assert_allclose(np.hypot(*np.asarray(ax.collections[2].get_offsets()).T), 1.0)
    assert len(ax.collections[0].get_segments()) == 10


REFUSED: list[tuple[Any, str]] = [
    (lambda: adjacency([0, 1], [0]), "adjacency.post: must be as long as pre (got 1 and 2)"),
    (
        lambda: adjacency([0, 3], [0, 1], sizes=(3, 3)),
        "adjacency.sizes: must be the numbers of sources and targets, at least [4, 2] (got [3, 3])",
    ),
    (lambda: adjacency([0], [0], weight=[1.0, 2.0]), "adjacency.weight: must be as long as pre (got 2 and 1)"),
    (
        lambda: adjacency([0], [0], weight_label=" "),
        "adjacency.weight_label: must name the weight and its unit (got ' '); such as 'weight (pA)'",
    ),
    (lambda: wiring(None, [0, 1], [0]), "wiring.post: must be as long as pre (got 1 and 2)"),
    (lambda: wiring([[0.0]], [0], [0]), "wiring.positions: must have two axes, or three (got shape (1, 1))"),
    (lambda: wiring([[0, 0]], [0], [1]), "wiring.pre and post: must be indices below 1, the number of neurons (got 1)"),
    (lambda: wiring([[0, 0]], [0], [0], n=2), "wiring.n: must be 1, the number of positions (got 2); leave it out"),
    (
        lambda: wiring([[0, 0]], [0], [0], kinds=["input"] * 2),
        "wiring.kinds: must hold 1 kinds, one for each neuron (got 2); known: excitatory, inhibitory, input, other",
    ),
    (
        lambda: wiring([[0, 0]], [0], [0], kinds=3),
        "wiring.kinds: must be a kind, or one for each neuron (got 3); known: excitatory, inhibitory, input, other",
    ),
]


@pytest.mark.parametrize(("draw", "message"), REFUSED, ids=range(len(REFUSED)))
def test_what_cannot_be_drawn(draw: Any, message: str):
    with pytest.raises(ParameterError) as caught:
        draw()
    assert str(caught.value) == message
