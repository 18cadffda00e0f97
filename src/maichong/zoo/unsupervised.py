"""What papers that learn to classify images in a simulated network share: showing an image, passes that can be resumed, names
of neurons, answers.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from maichong import Network, resume
from maichong.engines import Run
from maichong.errors import CheckpointError
from maichong.zoo.protocol import Context

SAVE_S = 120.0
"""Wall time between two checkpoints."""


class Presentation(Protocol):
    """The settings by which an image is shown."""

    @property
    def present_ms(self) -> float: ...
    @property
    def rest_ms(self) -> float: ...
    @property
    def max_rate(self) -> float: ...  # Hz at full intensity
    @property
    def min_spikes(self) -> int: ...  # an image that evokes fewer is shown again, brighter


def present(run: Run, pixels: np.ndarray, settings: Presentation) -> np.ndarray:
    """Show one image (0..255, [pixels]) and rest; the spikes that each excitatory neuron answered with, int64 [neurons]."""
    rates, answer = pixels * (settings.max_rate / 255.0), np.zeros(0, np.int64)
    for brightness in np.arange(1.0, 11.0, 0.5):
        run.signal("sample")
        before = run["exc"].counts
        run["input"].set(rate=rates * brightness)
        run.run(settings.present_ms)
        answer = run["exc"].counts - before
        run["input"].set(rate=0.0)
        run.run(settings.rest_ms)
        if answer.sum() >= settings.min_spikes:
            break
    return answer


def assign(answers: np.ndarray, labels: np.ndarray, n_classes: int) -> np.ndarray:
    """The class whose images each neuron answered most on average, int64 [neurons]; -1 for a neuron that never fired."""
    means = np.array(
        [answers[labels == c].mean(axis=0) if (labels == c).any() else np.zeros(answers.shape[1]) for c in range(n_classes)]
    )
    return np.where(means.max(axis=0) > 0, means.argmax(axis=0), -1)


def classify(answers: np.ndarray, names: np.ndarray, n_classes: int) -> np.ndarray:
    """The class whose neurons fired most on average, for each answer, int64 [images]."""
    rates = np.stack(
        [answers[:, names == c].mean(axis=1) if (names == c).any() else np.zeros(len(answers)) for c in range(n_classes)]
    )
    return rates.argmax(axis=0)


def confusion(guess: np.ndarray, labels: np.ndarray, n_classes: int) -> np.ndarray:
    """How often images of each class (rows) were taken for each (columns), int64 [classes, classes]."""
    counted = np.zeros((n_classes, n_classes), np.int64)
    np.add.at(counted, (labels, guess), 1)
    return counted


def flat(images: np.ndarray | None, n: int = 0) -> np.ndarray:
    """The first ``n`` images, or all, each in one row."""
    assert images is not None
    chosen = first(images, n)
    return chosen.reshape(len(chosen), -1)


def first(array: np.ndarray, n: int) -> np.ndarray:
    """The first ``n``; all where it is 0."""
    return array[:n] if n else array


@dataclass(frozen=True)
class Splits:
    """Images in rows, 0..255, and classes: to learn from, and to answer."""

    x_train: np.ndarray
    y_train: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray
    split: str
    """Which images are answered: "validation" or "test"."""


def splits(data: Any, validate: int, train: int = 0, test: int = 0) -> Splits:
    """The first ``train`` and ``test`` images, 0: all; or, with ``validate``, so many training images held back to answer."""
    if not validate:
        x_test, y_test = flat(data.x_test, test), first(data.y_test, test)
        return Splits(flat(data.x_train, train), first(data.y_train, train), x_test, y_test, "test")
    from maichong.data import split_validation

    held = split_validation(data, validate)
    assert held.y_val is not None
    return Splits(flat(held.x_train, train), first(held.y_train, train), flat(held.x_val), held.y_val, "validation")


@dataclass(frozen=True)
class Stage:
    """A pass: ``total`` presentations, of the images that ``labels`` belong to, in turn.

    ``present(run, image)`` shows the image of this number and gives the spikes that each neuron answered with, int64 [neurons].
    With ``watched`` neurons are named as learning goes on, after each window of images, and judged by the next one.
    """

    name: str
    labels: np.ndarray
    total: int
    present: Callable[[Run, int], np.ndarray]
    learning: bool = False
    watched: bool = False


def begin(
    context: Context, neurons: int, network: Callable[[], Network], precision: str, what: str = "excitatory"
) -> tuple[Run, dict[str, Any]]:
    """The run, and what is known of the passes: from the checkpoint in the context's folder, or at their start.

    Raises CheckpointError where that holds another network.
    """
    if context.checkpoint.exists():
        run = resume(context.checkpoint)
        if run.notes.get("neurons") != neurons:
            raise CheckpointError(str(context.checkpoint), f"must hold {neurons} {what} neurons")
        return run, run.notes
    state = {"stage": 0, "image": 0, "neurons": neurons, "learn_s": 0.0, "curve_images": [], "curve_accuracy": []}
    return network().build("events", precision=precision), state


def go_through(run: Run, stage: Stage, number: int, context: Context, state: dict[str, Any]) -> None:
    """Show the images of one stage; a checkpoint now and then, and when Ctrl-C was pressed.

    ``state`` gets "answers_NAME", int16 [window, neurons] of a watched stage and [total, neurons] of others, and "learn_s", the
    wall time that learning took. Raises Interrupted after Ctrl-C, with the state saved.
    """
    run.learning = stage.learning
    n_classes = context.data.n_classes
    window = max(1, min(1000, stage.total // 8)) if stage.watched else stage.total
    begun, saved, came = time.perf_counter(), time.perf_counter(), state["image"]
    spent = state["learn_s"]
    spikes = 0
    for k in range(came, stage.total):
        image = k % len(stage.labels)
        answer = stage.present(run, image)
        if k == 0:
            state["answers"] = np.zeros((window, answer.size), np.int16)
            state["names"] = np.full(answer.size, -1)
            state["right"] = 0
        place = k % window
        state["answers"][place] = np.minimum(answer, np.iinfo(np.int16).max)
        spikes += int(answer.sum())
        if stage.watched:
            _watch(stage, k, window, answer, n_classes, state)
        state["image"] = k + 1
        now = time.perf_counter()
        done = k + 1 - came
        if stage.learning:
            state["learn_s"] = spent + now - begun
        if done % 16 == 0 or k + 1 == stage.total:
            context.tell(
                stage=stage.name, done=k + 1, total=stage.total, per_s=done / (now - begun), spikes=spikes / done,
                accuracy=state["curve_accuracy"][-1] if state["curve_accuracy"] else None,
            )  # fmt: skip
        if context.stopping or now - saved > SAVE_S:
            run.save(context.checkpoint, {**state, "stage": number})
            saved = now
        if context.stopping:
            raise context.interrupted()
    state[f"answers_{stage.name}"] = state["answers"]
    state["stage"], state["image"] = number + 1, 0
    run.save(context.checkpoint, state)


def _watch(stage: Stage, k: int, window: int, answer: np.ndarray, n_classes: int, state: dict[str, Any]) -> None:
    """Judge an answer by the names of the window before; at a window's end note how many were right, and name anew."""
    state["right"] += int(classify(answer[None], state["names"], n_classes)[0] == stage.labels[k % len(stage.labels)])
    if k % window != window - 1:
        return
    recent = stage.labels[np.arange(k + 1 - window, k + 1) % len(stage.labels)]
    if k >= window:
        state["curve_images"].append(k + 1)
        state["curve_accuracy"].append(state["right"] / window)
    state["names"], state["right"] = assign(state["answers"], recent, n_classes), 0
