"""Confusion matrix, accuracy curve and histogram show the numbers they were given."""

from __future__ import annotations

import numpy as np
import pytest

from maichong.errors import ParameterError
from maichong.plots import EXCITATION, accuracy_curve, confusion, histogram


def cells(ax, n):
    """Counts and per cents as written: {(row, column): [count, per cent]}."""
    found = {}
    for text in ax.texts:
        x, y = text.get_position()
        found.setdefault((round(y), round(x)), []).append(float(text.get_text().replace(",", "").rstrip(" %")))
    return found


def test_confusion_rows_add_up_to_a_hundred():
    matrix = np.random.default_rng(0).integers(0, 2_000, (10, 10))
    ax = confusion(matrix)
    np.testing.assert_allclose(ax.images[0].get_array().sum(axis=1), 100)
    written = cells(ax, 10)
    for row in range(10):
        assert sum(written[row, k][1] for k in range(10)) == pytest.approx(100, abs=0.5)
        assert [written[row, k][0] for k in range(10)] == matrix[row].tolist()
    right = np.trace(matrix) / matrix.sum()
    assert f"({100 * right:.1f} %)" in ax.get_title(loc="left")
    assert "%" in ax.get_ylabel()


def test_confusion_leaves_zeros_and_absent_classes_blank():
    ax = confusion([[3, 1], [0, 0]], class_names=["cat", "dog"])
    assert cells(ax, 2) == {(0, 0): [3, 75.0], (0, 1): [1, 25.0]}
    assert [label.get_text() for label in ax.get_yticklabels()] == ["cat", "dog"]
    assert not ax.images[0].get_array()[1].any()


def test_a_large_confusion_is_told_by_colour_with_its_unit():
    ax = confusion(np.eye(100, dtype=int))
    assert not ax.texts
    assert ax.images[0].colorbar.ax.get_ylabel() == "share of the row (%)"
    assert len(ax.get_xticks()) <= 25


@pytest.mark.parametrize(
    ("matrix", "options", "message"),
    [
        (
            [[1, 2]],
            {},
            "confusion.matrix: must be square (got shape (1, 2)); one row and one column per class",
        ),
        (
            [[0.5, 0.5], [0, 1]],
            {},
            "confusion.matrix: must be whole numbers >= 0 (got 0.5); pass counts, not shares",
        ),
        ([[0, 0], [0, 0]], {}, "confusion.matrix: must count at least one example (got only zeros)"),
        ([1, 2], {}, "confusion.matrix: must be an array [true class, decided class] (got shape (2,))"),
        (
            [[1, 0], [0, 1]],
            {"class_names": ["a"]},
            "confusion.class_names: must have one entry for each of the 2",
        ),
    ],
)
def test_confusion_errors(matrix, options, message):
    with pytest.raises(ParameterError) as caught:
        confusion(matrix, **options)
    assert str(caught.value).startswith(message)


def test_the_curve_is_in_per_cent_beside_the_papers_figure():
    ax = accuracy_curve([0, 500, 1_000], [0.1, 0.5, 0.9], reference=0.95, reference_label="Diehl & Cook 2015")
    ours, paper = ax.get_lines()
    np.testing.assert_allclose(ours.get_xydata(), [[0, 10], [500, 50], [1_000, 90]])
    np.testing.assert_allclose(paper.get_ydata(), 95)
    assert paper.get_linestyle() != ours.get_linestyle()
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["ours", "Diehl & Cook 2015: 95 %"]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("images seen (count)", "accuracy (%)")


def test_several_seeds_are_thin_lines_and_their_mean():
    seeds = np.array([[0.2, 0.8], [0.4, 1.0]])
    *each, mean = accuracy_curve([0, 10], seeds).get_lines()
    for line, seed in zip(each, seeds, strict=True):
        np.testing.assert_allclose(line.get_ydata(), 100 * seed)
        assert line.get_linewidth() < mean.get_linewidth()
    np.testing.assert_allclose(mean.get_ydata(), [30, 90])


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        (
            ([0, 1], [10, 90]),
            {},
            "accuracy_curve.accuracy: must be fractions between 0 and 1 (got 10); divide per",
        ),
        (
            ([0, 1], [0.5]),
            {},
            "accuracy_curve.accuracy: must have one value per entry of images_seen, 2 (got 1)",
        ),
        (
            ([1, 0], [0.5, 0.5]),
            {},
            "accuracy_curve.images_seen: must not fall; sort both arrays by images seen",
        ),
        (([], []), {}, "accuracy_curve.images_seen: must not be empty"),
        (([0], [np.nan]), {}, "accuracy_curve.accuracy: must be finite numbers (got 1 of 1 NaN or infinite)"),
        (
            ([0], [0.5]),
            {"reference": 95},
            "accuracy_curve.reference: must be fractions between 0 and 1 (got 95)",
        ),
    ],
)
def test_curve_errors(arguments, options, message):
    with pytest.raises(ParameterError) as caught:
        accuracy_curve(*arguments, **options)
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize("scale", ["normal", "lognormal"])
def test_histogram_counts_every_value_once(scale):
    values = getattr(np.random.default_rng(3), scale)(size=5_000)
    ax = histogram(values, xlabel="rate (Hz)", kind="excitatory", counted="cells")
    (steps,) = ax.patches
    counts, edges, _ = steps.get_data()
    assert counts.sum() == 5_000
    assert len(counts) <= 80
    for count, low, high in zip(counts[:-1], edges[:-2], edges[1:-1], strict=True):
        assert count == np.count_nonzero((values >= low) & (values < high))
    assert ax.get_lines()[0].get_xdata()[0] == np.median(values)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("rate (Hz)", "cells (count)")
    assert steps.get_facecolor()[:3] == pytest.approx([int(EXCITATION[k : k + 2], 16) / 255 for k in (1, 3, 5)])


def test_histogram_of_one_value_and_of_a_matrix():
    assert histogram([2.0, 2.0], xlabel="rate (Hz)").patches[0].get_data()[0].tolist() == [2]
    assert histogram(np.ones((3, 4)), xlabel="weight (nS)", bins=5).patches[0].get_data()[0].sum() == 12


@pytest.mark.parametrize(
    ("values", "options", "message"),
    [
        ([], {}, "histogram.values: must not be empty (got shape (0,)); is there a result to draw?"),
        (
            [1, np.inf],
            {},
            "histogram.values: must be finite numbers (got 1 of 2 NaN or infinite); did the run diverge?",
        ),
        (["a"], {}, "histogram.values: must be an array of numbers"),
        (
            [1],
            {"xlabel": " "},
            "histogram.xlabel: must name the quantity and its unit (got ' '); such as 'rate (Hz)'",
        ),
        ([1], {"bins": 0}, "histogram.bins: must be a whole number >= 1 (got 0)"),
        ([1], {"kind": "inhibitry"}, "histogram.kind: must be one of excitatory, inhibitory, input, other"),
    ],
)
def test_histogram_errors(values, options, message):
    with pytest.raises(ParameterError) as caught:
        histogram(values, **{"xlabel": "rate (Hz)"} | options)
    assert str(caught.value).startswith(message)
