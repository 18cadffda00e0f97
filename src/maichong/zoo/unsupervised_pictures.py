"""The pictures of a network that learned images without labels: receptive fields, a raster, answers, thresholds, accuracy."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from maichong import plots
from maichong.plots import Picture


def picture(title: str, caption: str, draw: Callable[[Any], Any], size: tuple[float, float]) -> Picture:
    """A picture of a report: ``draw`` gets the axes."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=size, layout="constrained")
    draw(figure.add_subplot())
    return Picture(title, caption, figure)


def learned(
    fields: np.ndarray, names: np.ndarray, shape: tuple[int, int], theta: np.ndarray, answers: np.ndarray, confusion: np.ndarray,
    unit: str = "nS",
) -> list[Picture]:  # fmt: skip
    """Fields [pixels, neurons] with the classes that name them, the confusion matrix, spikes per image, thresholds in mV."""
    return [
        picture(
            "Receptive fields", "Weights onto each excitatory neuron, laid out as an image, with the class that names it.",
            lambda ax: plots.receptive_fields(fields, shape=shape, labels=names.tolist(), ax=ax, unit=unit), (8, 8),
        ),
        picture(
            "Confusion matrix", "Rows are the true classes, columns the answers.",
            lambda ax: plots.confusion(confusion, ax=ax), (6, 5.5),
        ),
        picture(
            "Excitatory spikes per image", "How many spikes the test images evoke.",
            lambda ax: plots.histogram(answers, xlabel="spikes per image", counted="images", kind="excitatory", ax=ax), (6, 3.5),
        ),
        picture(
            "Thresholds", "How far each excitatory neuron's threshold has risen.",
            lambda ax: plots.histogram(theta, xlabel="theta (mV)", kind="excitatory", ax=ax), (6, 3.5),
        ),
    ]  # fmt: skip


def one_image(
    spikes: Mapping[str, tuple[np.ndarray, np.ndarray]], kinds: Mapping[str, str], sizes: Mapping[str, int]
) -> Picture:
    """The spikes of all populations, times (ms) and neurons, while one image is shown and after."""
    times, ids = ({name: pair[k] for name, pair in spikes.items()} for k in (0, 1))
    return picture(
        "One test image", "Spikes while the image is shown and after.",
        lambda ax: plots.raster(times, ids, ax=ax, kinds=kinds, sizes=sizes), (8, 5),
    )  # fmt: skip


def while_learning(images: Sequence[int], accuracy: Sequence[float], paper: float | None) -> list[Picture]:
    """The accuracy over training, beside the paper's figure in per cent; none of a training of less than two windows."""
    if len(images) < 2:
        return []
    reference = None if paper is None else paper / 100
    return [
        picture(
            "Accuracy while learning",
            "On the training images of each window, with neurons named by the window before.",
            lambda ax: plots.accuracy_curve(images, accuracy, reference=reference, ax=ax), (6, 3.5),
        )
    ]  # fmt: skip
