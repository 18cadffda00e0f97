"""The mosaic's pixels are the weights."""

from __future__ import annotations

import math

import numpy as np
import pytest
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure

from maichong.errors import ParameterError
from maichong.plots import EXCITATION, INHIBITION, receptive_fields


def tiles(ax, rows, columns):
    """The fields read back from the image: what is left of the sheet where nothing is masked."""
    sheet = ax.images[0].get_array()
    shown = ~np.ma.getmaskarray(sheet)
    bare = np.asarray(sheet)[shown.any(axis=1)][:, shown.any(axis=0)]
    down, across = bare.shape[0] // rows, bare.shape[1] // columns
    return bare.reshape(down, rows, across, columns).swapaxes(1, 2).reshape(-1, rows, columns)


@pytest.mark.parametrize("labelled", [False, True])
@pytest.mark.parametrize(("n", "shape"), [(100, (28, 28)), (400, (4, 7)), (1_600, (3, 2)), (6_400, (2, 2))])
def test_pixels_equal_the_weights(n, shape, labelled):
    weights = np.random.default_rng(n).random((math.prod(shape), n))
    labels = np.arange(n) if labelled and n <= 400 else None
    ax = receptive_fields(weights, shape=shape, show=n, labels=labels)
    np.testing.assert_array_equal(tiles(ax, *shape), weights.T.reshape(n, *shape))
    assert ax.get_title(loc="left") == f"{n:,} neurons"


def test_a_ragged_last_row_holds_all_fields():
    weights = np.random.default_rng(1).random((6, 7)) + 0.1
    sheet = receptive_fields(weights, shape=(2, 3)).images[0].get_array()
    np.testing.assert_allclose(np.sort(sheet.compressed()), np.sort(weights.ravel()))


def test_the_title_says_what_is_left_out():
    weights = np.random.default_rng(2).random((4, 1_000))
    ax = receptive_fields(weights, shape=(2, 2))
    assert ax.get_title(loc="left") == "first 400 of 1,000 neurons"
    np.testing.assert_array_equal(tiles(ax, 2, 2)[399], weights[:, 399].reshape(2, 2))
    ax = receptive_fields(weights, shape=(2, 2), show=[7, 3], labels=[f"n{k}" for k in range(1_000)])
    assert ax.get_title(loc="left") == "2 chosen of 1,000 neurons"
    np.testing.assert_array_equal(tiles(ax, 2, 2), weights[:, [7, 3]].T.reshape(2, 2, 2))
    assert [text.get_text() for text in ax.texts] == ["n7", "n3"]


def test_labels_stand_left_of_their_field_and_a_dash_means_none():
    ax = receptive_fields(np.ones((9, 4)), shape=(3, 3), labels=[3, -1, None, "cat"])
    assert [text.get_text() for text in ax.texts] == ["3", "–", "–", "cat"]
    shown = ~np.ma.getmaskarray(ax.images[0].get_array())
    for text in ax.texts:
        x, y = text.get_position()
        row = shown[round(y)]
        assert not row[math.floor(x)]  # on the margin
        assert row[math.floor(x) + 1 :][:2].any()  # its field follows at once


def test_the_colour_bar_carries_the_unit_and_starts_at_zero():
    ax = receptive_fields(np.full((4, 3), 2.0), shape=(2, 2), unit="nS")
    image = ax.images[0]
    assert image.colorbar.ax.get_ylabel() == "weight (nS)"
    assert image.get_clim() == (0, 2)
    assert receptive_fields(np.zeros((4, 1)), shape=(2, 2)).images[0].get_clim() == (0, 1)
    assert receptive_fields(np.ones((4, 1)), shape=(2, 2), limits=(0.5, 3)).images[0].get_clim() == (0.5, 3)


def test_the_colour_says_the_sign():
    image = receptive_fields([[-2.0], [1.0]], shape=(1, 2)).images[0]
    assert image.get_clim() == (-2, 2)
    low, zero, high = image.cmap(image.norm([-2.0, 0.0, 2.0]))
    np.testing.assert_allclose(low, to_rgba(INHIBITION), atol=0.01)
    np.testing.assert_allclose(high, to_rgba(EXCITATION), atol=0.01)
    assert zero[3] < 0.1  # paper
    only_negative = receptive_fields([[-2.0], [-1.0]], shape=(1, 2)).images[0]
    np.testing.assert_allclose(only_negative.cmap(only_negative.norm(-2.0)), to_rgba(INHIBITION), atol=0.01)


def test_given_axes_are_used():
    figure = Figure()
    ax = figure.add_subplot(1, 2, 2)
    assert receptive_fields(np.eye(4), shape=(2, 2), ax=ax) is ax
    assert len(ax.images) == 1


@pytest.mark.parametrize(
    ("weights", "options", "message"),
    [
        (
            np.ones((5, 2)),
            {},
            "receptive_fields.shape: must hold the 5 inputs of weights (got 2 x 2 = 4); weights are",
        ),
        (np.ones(4), {}, "receptive_fields.weights: must be an array [n_inputs, n_neurons] (got shape (4,))"),
        (np.ones((4, 0)), {}, "receptive_fields.weights: must not be empty (got shape (4, 0))"),
        (
            np.full((4, 1), np.nan),
            {},
            "receptive_fields.weights: must be finite numbers (got 4 of 4 NaN or infinite)",
        ),
        (
            np.ones((4, 2)),
            {"labels": [1]},
            "receptive_fields.labels: must have one entry for each of the 2 neurons",
        ),
        (np.ones((4, 2)), {"show": 0}, "receptive_fields.show: must be a whole number >= 1 (got 0)"),
        (np.ones((4, 2)), {"show": [2]}, "receptive_fields.show: must be indices below 2 (got 2)"),
        (
            np.ones((4, 2)),
            {"limits": (1, 0)},
            "receptive_fields.limits: must be (low, high), the first below",
        ),
        (np.ones((4, 2)), {"shape": (4, -1)}, "receptive_fields.shape: must be whole numbers >= 0 (got -1)"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(weights, options, message):
    with pytest.raises(ParameterError) as caught:
        receptive_fields(weights, **{"shape": (2, 2)} | options)
    assert str(caught.value).startswith(message)
