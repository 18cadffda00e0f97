"""A report such as the zoo writes: 400 fields of 28 x 28, 2,500 spikes, confusion, curve, two histograms."""

from __future__ import annotations

import io

import numpy as np
import pytest

from maichong import plots

HOSTILE = '<script>window.hacked = "title"</script>'
HOSTILE_SVG = (
    b'<svg xmlns="http://www.w3.org/2000/svg" width="40" height="20" onload="window.hacked=1">'
    b'<script>window.hacked = "svg"</script><image href="http://127.0.0.1:9/a.png" width="9" height="9"/>'
    b'<rect width="40" height="20" fill="teal"/></svg>'
)


def _mosaic(rng: np.random.Generator):
    y, x, _ = np.mgrid[:28, :28, :1]
    at_y, at_x = rng.uniform(7, 21, (2, 1, 1, 400))
    blobs = np.exp(-((y - at_y) ** 2 + (x - at_x) ** 2) / 20) + 0.05 * rng.random((28, 28, 400))
    return plots.receptive_fields(blobs.reshape(784, 400), shape=(28, 28), labels=rng.integers(-1, 10, 400))


def _spikes(rng: np.random.Generator):
    sizes = {"input": (784, 1_900), "excitatory": (400, 300), "inhibitory": (400, 300)}
    times = {name: rng.uniform(0, 350, n) for name, (_, n) in sizes.items()}
    ids = {name: rng.integers(0, size, n) for name, (size, n) in sizes.items()}
    return plots.raster(times, ids, sizes={name: size for name, (size, _) in sizes.items()})


def _png() -> bytes:
    buffer = io.BytesIO()
    plots.histogram([1.0, 2.0, 4.0], xlabel="rate (Hz)").figure.savefig(buffer, format="png", dpi=60)
    return buffer.getvalue()


def build() -> plots.Report:
    rng = np.random.default_rng(7)
    matrix = rng.integers(0, 15, (10, 10)) + 900 * np.eye(10, dtype=int)
    seen = np.arange(0, 60_001, 3_000)
    accuracy = np.clip(0.95 - 0.85 * np.exp(-seen / 9_000) + rng.normal(0, 0.005, (3, len(seen))), 0, 1)
    rates = plots.histogram(rng.gamma(3, 0.4, 400), xlabel="rate (Hz)", kind="excitatory")
    thresholds = plots.histogram(rng.normal(20, 3, 400), xlabel="threshold (mV)")
    return plots.Report(
        title=f"Digits by STDP {HOSTILE}",
        lead=f"Four hundred neurons learn from spikes alone. {HOSTILE}",
        summary=[("test accuracy", "91.4 %"), ("images per second", 1702), ("<b>seeds</b>", 3)],
        claims=[
            {
                "quantity": "accuracy",
                "unit": "%",
                "paper": 91.9,
                "ours": [91.2, 91.5, 91.0],
                "tolerance": 1.0,
                "verdict": "holds",
            },
            {"quantity": HOSTILE, "paper": 82.9, "ours": [79.1], "tolerance": 1.0, "verdict": "fails"},
            {"quantity": "spikes", "paper": "about 200", "ours": [], "tolerance": None, "verdict": "not run"},
        ],
        figures=[
            plots.Picture("Receptive fields", "One per neuron.", _mosaic(rng).figure),
            plots.Picture("Spikes", "One image.", _spikes(rng).figure),
            plots.Picture("Accuracy", "Three seeds.", plots.accuracy_curve(seen, accuracy, reference=0.919).figure),
            plots.Picture("Confusion", "Test set.", plots.confusion(matrix).figure),
            plots.Picture("Rates", HOSTILE, rates.figure),
            plots.Picture(HOSTILE, "", thresholds.figure),
            plots.Picture("From a PNG", "", _png()),
            plots.Picture("From an SVG", "", HOSTILE_SVG),
        ],
        settings={"neurons": 400, "stdp": {"eta_pre": 1e-4, "w_max": 1.0}, "note": HOSTILE},
        versions={"maichong": "0.1.0", "numpy": np.__version__},
        command="maichong reproduce diehl-cook-2015 --neurons 400 && echo '<i>'",
    )


@pytest.fixture(scope="session")
def report() -> plots.Report:
    return build()


@pytest.fixture(scope="session")
def build_report():
    return build


@pytest.fixture(scope="session")
def page_file(report, tmp_path_factory):
    return plots.write_report(tmp_path_factory.mktemp("report") / "report.html", report)
