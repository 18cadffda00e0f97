"""Traces, phase planes, f-I curves, bifurcation diagrams and galleries show the arrays that they are given."""

from __future__ import annotations

import numpy as np
import pytest

from maichong import plots
from maichong.errors import ParameterError


def test_spikes_are_drawn_up_to_the_peak_before_the_sample_that_they_left() -> None:
    (line,) = plots.traces([1.0, 2.0, 3.0], [-50.0, -65.0, -60.0], spikes=[2.0], peak=30.0, ylabel="v (mV)").lines
    assert line.get_xydata().tolist() == [[1, -50], [2, 30], [2, -65], [3, -60]]


def test_a_phase_plane_fills_what_attracts_and_opens_what_does_not() -> None:
    ax = plots.phase_plane(
        {"v": [[0, 1, np.nan, 2], [0, 1, np.nan, 2]], "w": [[0, 2], [1, 1]]}, xlabel="v (mV)", ylabel="w (pA)",
        points=[(0.5, 1.0, "stable focus"), (1.0, 1.0, "saddle"), (1.5, 1.0, "saddle")], xlim=(0, 2), ylim=(0, 2),
    )  # fmt: skip
    marks = [line for line in ax.lines if line.get_marker() == "o"]
    assert [(float(m.get_xdata()[0]), m.get_markerfacecolor() == "white") for m in marks] == [
        (0.5, False),
        (1.0, True),
        (1.5, True),
    ]
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["v nullcline", "w nullcline", "stable focus", "saddle"]
    assert (ax.get_xlim(), ax.get_ylim()) == ((0, 2), (0, 2))


def test_arrows_tell_the_direction_on_paper() -> None:
    """An axis that is 100 times as long makes the same slope 100 times as flat."""
    field = np.array([[[0.0, 100.0]] * 2, [[0.0] * 2, [1.0] * 2], [[1.0] * 2] * 2, [[0.01] * 2] * 2])
    ax = plots.phase_plane({"v": [[0, 1], [0, 1]]}, field=field, xlabel="v (mV)", ylabel="w (pA)")
    (arrows,) = ax.collections
    assert pytest.approx(np.sqrt(0.5)) == arrows.U and pytest.approx(np.sqrt(0.5)) == arrows.V


def test_a_diagram_changes_its_line_where_stability_does() -> None:
    ax = plots.bifurcation_diagram(
        [([0, 1, 2, 1], [-70, -65, -60, -55], [True, True, False, False])], ylabel="v (mV)", points=[(2, -60, "saddle-node")]
    )
    stable, unstable, mark = ax.lines
    assert stable.get_xydata().tolist() == [[0, -70], [1, -65], [2, -60]]
    assert unstable.get_xydata().tolist() == [[2, -60], [1, -55]]
    assert (stable.get_linestyle(), unstable.get_linestyle()) == ("-", "--")
    assert mark.get_xydata().tolist() == [[2, -60]]


def test_an_f_i_curve_is_drawn_by_rising_current() -> None:
    first, steady, at = plots.f_i([2, 1, 3], [20, np.nan, 30], first_rates=[25, 0, 35], onset=1.5).lines
    assert first.get_ydata().tolist() == [0, 25, 35]
    assert steady.get_xdata().tolist() == [1, 2, 3] and np.isnan(steady.get_ydata()[0])
    assert at.get_xdata() == [1.5, 1.5]


def test_a_gallery_has_a_panel_for_each_pattern_on_one_scale() -> None:
    panels = [(name, [1.0, 2.0, 3.0], [-50.0 - k, -65.0, -60.0], [0.0, k, k], [2.0] * k) for k, name in enumerate("ab")]
    ax = plots.gallery(panels, peak=30.0, columns=4)
    one, two = ax.child_axes
    assert [panel.get_title() for panel in (one, two)] == ["a", "b"]
    assert one.get_ylim() == two.get_ylim()
    assert two.lines[0].get_ydata().tolist() == [-51, 30, -65, -60]
    assert np.ptp(one.lines[1].get_ydata()) == 0.0 < np.ptp(two.lines[1].get_ydata())


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: plots.traces([1, 2], [1], ylabel="v (mV)"), "traces.values: must have one sample per time, 2 (got 1)"),
        (lambda: plots.traces([1], [1], ylabel=" "), "traces.ylabel: must name the quantity and its unit (got ' ')"),
        (lambda: plots.traces([1], [1], ylabel="v", spikes=[1]), "traces.spikes: must come with the peak"),
        (
            lambda: plots.traces([1], [[1, 2]], ylabel="v", spikes=[1], peak=3),
            "traces.spikes: belong to one trace (got 2 traces)",
        ),
        (
            lambda: plots.phase_plane({"v": [1, 2]}, xlabel="v", ylabel="w"),
            "phase_plane.nullclines['v']: must be numbers",
        ),
        (
            lambda: plots.phase_plane({"v": [[np.inf], [1]]}, xlabel="v", ylabel="w"),
            "phase_plane.nullclines['v']: must be finite",
        ),
        (lambda: plots.f_i([1, 2], [1]), "f_i.rates: must have one value per current, 2 (got shape (1,))"),
        (lambda: plots.f_i([1], [-1]), "f_i.rates: must be finite and >= 0, or NaN for a gap"),
        (lambda: plots.bifurcation_diagram([], ylabel="v"), "bifurcation_diagram.branches: must hold a branch (got none)"),
        (
            lambda: plots.bifurcation_diagram([([1], [1, 2], [1])], ylabel="v"),
            "bifurcation_diagram.branches[0]: must be three",
        ),
        (lambda: plots.gallery([], peak=1), "gallery.panels: must hold a panel (got none)"),
        (lambda: plots.gallery([("a", [1])], peak=1), "gallery.panels[0]: must be (name, times, membrane, current, spikes)"),
        (lambda: plots.page("x", []), "page.drawings: must be a list of Drawing"),
    ],
)
def test_messages(call, sentence) -> None:
    with pytest.raises(ParameterError) as error:
        call()
    assert str(error.value).startswith(sentence)
