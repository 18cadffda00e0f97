"""What all drawings share: quick to import, no display, no global state, colours that can be told apart."""

from __future__ import annotations

import doctest
import importlib
import itertools
import subprocess
import sys

import numpy as np
import pytest

from maichong import plots
from maichong.errors import MaichongError
from maichong.plots.colours import KINDS

BRANCH = ([0, 1, 2], [0, 1, 2], [True, False, False])
PANEL = ("tonic", [0.0, 1.0], [-70.0, -60.0], [0.0, 1.0], [1.0])
DRAWINGS = {
    "raster": lambda ax=None: plots.raster([1.0, 2.0], [0, 1], ax=ax),
    "receptive_fields": lambda ax=None: plots.receptive_fields(np.eye(4), shape=(2, 2), ax=ax),
    "confusion": lambda ax=None: plots.confusion([[3, 1], [0, 4]], ax=ax),
    "accuracy_curve": lambda ax=None: plots.accuracy_curve([0, 9], [0.1, 0.9], reference=0.5, ax=ax),
    "histogram": lambda ax=None: plots.histogram([1.0, 2.0], xlabel="rate (Hz)", ax=ax),
    "traces": lambda ax=None: plots.traces([0.0, 1.0], [[1.0, 2.0], [2.0, 3.0]], labels="ab", ylabel="v (mV)", ax=ax),
    "phase_plane": lambda ax=None: plots.phase_plane(
        {"v": [[0, 1], [0, 1]]}, field=np.ones((4, 2, 2)), trajectory=[[0, 1], [1, 0]], xlabel="v (mV)", ylabel="w (pA)", ax=ax
    ),
    "f_i": lambda ax=None: plots.f_i([0, 1], [0.0, np.nan], first_rates=[0, 1], onset=0.5, ax=ax),
    "bifurcation_diagram": lambda ax=None: plots.bifurcation_diagram([BRANCH], ylabel="v (mV)", ax=ax),
    "adjacency": lambda ax=None: plots.adjacency([0, 1], [1, 1], weight=[1.0, -2.0], ax=ax),
    "wiring": lambda ax=None: plots.wiring([[0, 0], [1, 1]], [0, 1], [1, 1], ax=ax),
    "coded": lambda ax=None: plots.coded([0.0, 1.0], [0.1, 0.9], xlabel="time (ms)", ax=ax),
    "gallery": lambda ax=None: plots.gallery([PANEL], peak=30.0, ax=ax),
    "motif_profile": lambda ax=None: plots.motif_profile(
        [[0.8, -0.6], [0.6, 0.8]], ["030T", "201"], labels=["worm", "words"], pictures=np.ones((2, 3, 3)), ax=ax
    ),
    "motif_profile of kinds": lambda ax=None: plots.motif_profile(
        [0.8, -0.6], ["204", "904"], pictures=np.ones((2, 4, 4)), kinds=[["excitatory"] * 4, ["inhibitory"] * 4], ax=ax
    ),
}


def test_importing_loads_neither_matplotlib_nor_jinja():
    code = "import sys, maichong.plots; print([m for m in ('matplotlib', 'jinja2') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_pyplot_stays_out_and_settings_stay_as_they_were():
    code = """
import sys
from maichong import plots
import matplotlib
def settings():  # asking for the backend would choose one
    return {name: matplotlib.rcParams[name] for name in matplotlib.rcParams if not name.startswith("backend")}
before = settings()
figure = plots.histogram([1.0], xlabel="rate (Hz)").figure
plots.render_report(plots.Report("t", figures=[plots.Picture("a", "", figure)]))
print("matplotlib.pyplot" in sys.modules, settings() == before)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True"]


@pytest.mark.parametrize("name", DRAWINGS)
def test_a_drawing_uses_the_axes_it_is_given_and_else_its_own(name):
    from matplotlib.figure import Figure

    given = Figure().add_subplot()
    assert DRAWINGS[name](given) is given
    own, other = DRAWINGS[name](), DRAWINGS[name]()
    assert own.figure is not other.figure


@pytest.mark.parametrize("name", DRAWINGS)
def test_axes_carry_units(name):
    ax = DRAWINGS[name]()
    labels = [ax.get_xlabel(), ax.get_ylabel()]
    if name == "receptive_fields":  # pixels of a picture have none: the colour bar carries it
        labels = [ax.images[0].colorbar.ax.get_ylabel()]
    if name == "gallery":  # its panels have a bar of time instead
        labels = [f"({text.get_text().split()[-1]})" for text in ax.child_axes[0].texts]
    if name == "confusion" or name.startswith(
        "motif_profile"
    ):  # classes and motifs have none: the cells, or the other axis, carry it
        labels = labels[1:]
    assert all(label.endswith(")") for label in labels)


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2.2 defines it."""
    parts = np.array([int(colour[k : k + 2], 16) for k in (1, 3, 5)]) / 255
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


@pytest.mark.parametrize("page", ["#ffffff", "#1b1f23"])
@pytest.mark.parametrize("kind", KINDS)
def test_colours_stand_out_on_light_and_dark_pages(kind, page):
    light, dark = sorted([luminance(KINDS[kind]), luminance(page)], reverse=True)
    assert (light + 0.05) / (dark + 0.05) >= 3  # WCAG 2.2, 1.4.11: graphical objects


NONSENSE = [
    None,
    "x",
    [],
    {},
    3,
    -1.5,
    np.nan,
    [[1], [1, 2]],
    [None],
    np.zeros((2, 2, 2)),
    object(),
    [np.inf],
]
GOOD = {
    plots.raster: {"times": [1.0], "ids": [0], "kinds": "input", "sizes": 4, "window": (0, 2)},
    plots.receptive_fields: {
        "weights": np.eye(4),
        "shape": (2, 2),
        "show": 4,
        "limits": (0, 1),
        "labels": "abcd",
    },
    plots.confusion: {"matrix": [[1, 0], [0, 1]], "class_names": ["a", "b"]},
    plots.accuracy_curve: {"images_seen": [0, 1], "accuracy": [0.1, 0.2], "reference": 0.5},
    plots.histogram: {"values": [1.0], "xlabel": "rate (Hz)", "bins": 3, "kind": "input"},
    plots.traces: {"times": [0.0, 1.0], "values": [1.0, 2.0], "ylabel": "v (mV)", "labels": "v", "spikes": [1.0], "peak": 3.0},
    plots.phase_plane: {
        "nullclines": {"v": [[0, 1], [0, 1]]},
        "xlabel": "v (mV)",
        "ylabel": "w (pA)",
        "points": [(0, 1, "saddle")],
        "trajectory": [[0, 1], [1, 0]],
        "field": np.ones((4, 2, 2)),
        "xlim": (0, 1),
        "ylim": (0, 1),
    },
    plots.f_i: {"currents": [0, 1], "rates": [0, 1], "first_rates": [0, 1], "onset": 0.5, "xlabel": "current (pA)"},
    plots.bifurcation_diagram: {"branches": [BRANCH], "ylabel": "v (mV)", "xlabel": "i (pA)", "points": [(0, 1, "Hopf")]},
    plots.adjacency: {"pre": [0, 1], "post": [1, 1], "sizes": (2, 2), "weight": [1.0, -2.0], "weight_label": "weight (pA)"},
    plots.wiring: {
        "positions": [[0, 0], [1, 1]],
        "pre": [0, 1],
        "post": [1, 1],
        "kinds": ["input", "other"],
        "most": 3,
        "unit": "mm",
    },
    plots.gallery: {"panels": [PANEL], "peak": 30.0, "columns": 3, "bar": 20.0},
}
NEW = ("traces", "phase_plane", "f_i", "bifurcation", "gallery", "adjacency", "wiring")
CASES = [(f, name, bad) for f, good in GOOD.items() for name, bad in itertools.product(good, NONSENSE)]


@pytest.mark.parametrize(("function", "name", "bad"), CASES)
def test_nonsense_is_drawn_or_refused_in_one_sentence(function, name, bad):
    try:
        function(**GOOD[function] | {name: bad})
    except MaichongError as error:
        message = str(error)
        assert message.startswith(f"{function.__name__}.")
        assert "\n" not in message


@pytest.mark.parametrize("module", ["raster", "fields", "confusion", "curves", "histogram", "wording", *NEW])
def test_the_examples_in_the_docstrings_run(module):
    found = importlib.import_module(f"maichong.plots.{module}")
    names = {name: getattr(plots, name) for name in plots.__all__}
    result = doctest.testmod(found, extraglobs=names)
    assert result.attempted
    assert not result.failed
