"""Training by gradients, as the zoo's papers share it: minibatches, epochs, validation, checkpoints. The science stands in the
paper's file, which gives the net, the loss and the optimiser as a ``Recipe``.

The epoch whose net does best on the validation split is kept; the test split is no business of ``fit``, so that it is read once,
with those weights. An interrupted training goes on to the same bits: a checkpoint holds weights, optimiser, torch's random
numbers and the place within the epoch, as plain arrays that are never unpickled. Torch is imported when something is trained.
"""

from __future__ import annotations

import math
import time
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np

from maichong import files
from maichong.errors import CheckpointError, EngineError
from maichong.zoo.protocol import Context

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Module
    from torch.optim import Optimizer


def need_torch(where: str) -> ModuleType:
    """The module torch; EngineError with the cure where it is not installed."""
    try:
        import torch
    except ImportError:
        raise EngineError(where, "needs torch to train", "no torch", 'pip install "maichong[deep]"') from None
    return torch


@dataclass(frozen=True)
class Split:
    """Samples and their targets: tensors with samples first."""

    x: Tensor
    y: Tensor

    def __len__(self) -> int:
        return len(self.x)


def intensities(x: Tensor, training: bool) -> Tensor:
    """Pixels 0..255 -> 0..1."""
    return x.float() / 255


def right(outputs: Tensor, y: Tensor) -> Tensor:
    """1 for each sample whose largest output is that of its class, else 0: [batch]."""
    return (outputs.argmax(dim=1) == y).float()


def constant(epoch: float) -> float:
    """The same learning rate in all epochs."""
    return 1.0


def cosine(epochs: int) -> Callable[[float], float]:
    """A learning rate that falls to 0 along half a cosine within ``epochs``."""
    return lambda epoch: 0.5 * (1.0 + math.cos(math.pi * min(epoch / epochs, 1.0)))


def steps(every: int, factor: float = 0.1) -> Callable[[float], float]:
    """A learning rate that is multiplied by ``factor`` after each ``every`` epochs."""
    return lambda epoch: factor ** int(epoch // every)


def warm(schedule: Callable[[float], float], epochs: float) -> Callable[[float], float]:
    """The same schedule, reached along a line from 0 within the first ``epochs``."""
    return lambda epoch: schedule(epoch) * min((epoch + 1e-3) / epochs, 1.0)


@dataclass(frozen=True)
class Recipe:
    """How a net is trained.

    ``make`` builds it, ``optimiser`` gets it. ``prepare(x, training)`` makes a batch of a split into what the net takes;
    ``loss(outputs, y)`` is the mean over the batch, ``scores(outputs, y)`` says how good each sample's outputs are, [batch], more
    is better. ``schedule(epoch)`` multiplies the learning rate, where ``epoch`` counts from 0 and may lie between two.
    ``choose(net, epoch, draw)`` says which samples an epoch shows, and in what order, with ``draw`` to draw from; else
    it shows all, in a random order. ``forward(net, x)`` computes the outputs. ``learn(net, x, y)``, where it is given, adds
    gradients by a rule of its own and returns the loss of a batch, and ``loss`` is not asked.
    """

    make: Callable[[], Module]
    loss: Callable[[Any, Tensor], Tensor] | None
    optimiser: Callable[[Module], Optimizer]
    epochs: int
    batch: int
    prepare: Callable[[Tensor, bool], Tensor] = intensities
    scores: Callable[[Any, Tensor], Tensor] = right
    schedule: Callable[[float], float] = constant
    forward: Callable[[Module, Tensor], Any] = lambda net, x: net(x)
    learn: Callable[[Module, Tensor, Tensor], Tensor] | None = None
    choose: Callable[[Module, int, np.random.Generator], Tensor] | None = None
    say: Callable[[float], str] = lambda score: f"{100 * score:.2f} %"  # the validation score in words


@dataclass
class Trained:
    """A net with the weights of its best epoch, and how it came to them."""

    net: Module
    best_epoch: int
    curve: list[dict[str, float]]  # by epoch: loss, validation (score), train_s, samples that it showed
    samples: int
    train_s: float
    recipe: Recipe = field(repr=False)
    seed: int = 1

    def answers(self, split: Split) -> tuple[Tensor, float]:
        """What the net answers to a split, and its mean score there."""
        return evaluate(self.net, self.recipe, split, self.seed)


def evaluate(net: Module, recipe: Recipe, split: Split, seed: int) -> tuple[Tensor, float]:
    """A net's outputs for a split, samples first, and their mean score; random inputs are the same at every call."""
    import torch

    net.eval()
    outputs, scores = [], []
    size = max(recipe.batch, min(200, len(split)))
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(seed)
        for begin in range(0, len(split), size):
            y = split.y[begin : begin + size]
            outputs.append(recipe.forward(net, recipe.prepare(split.x[begin : begin + size], False)))
            scores.append(recipe.scores(outputs[-1], y))
    net.train()
    return torch.cat(outputs), float(torch.cat(scores).double().mean())


def fit(recipe: Recipe, train: Split, validation: Split, context: Context, stage: str = "learn") -> Trained:
    """Train by a recipe, on from the checkpoint in the context's folder if there is one; ``stage`` names one training of several.

    Raises Interrupted after Ctrl-C, with the state saved, EngineError where the loss is no number any more, and CheckpointError
    for a checkpoint of another net.
    """
    import torch

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(_key(context.seed, stage))
        net = recipe.make()
        optimiser = recipe.optimiser(net)
        course = _Course(net, optimiser, [group["lr"] for group in optimiser.param_groups])
        others = _read(context)
        if stage in others:
            _restore(course, others.pop(stage), context)
        while course.epoch < recipe.epochs:
            _epoch(course, recipe, train, validation, context, stage, others)
        net.load_state_dict(course.best)
    seen = int(sum(epoch["samples"] for epoch in course.curve))
    return Trained(net, course.best_epoch, course.curve, seen, course.train_s, recipe, context.seed)


@dataclass
class _Course:
    """Where a training stands: all of it goes into a checkpoint."""

    net: Module
    optimiser: Optimizer
    rates: list[float]  # of learning, before the schedule
    epoch: int = 0
    seen: int = 0  # samples of the epoch
    order: Any = None  # of all that it shows, where the recipe chooses them
    loss: float = 0.0  # their sum
    train_s: float = 0.0
    curve: list[dict[str, float]] = field(default_factory=list)
    best: dict[str, Any] = field(default_factory=dict)
    best_score: float = -math.inf
    best_epoch: int = 0


COUNTED = ("epoch", "seen", "order", "loss", "train_s", "curve", "best_epoch")


def _epoch(
    course: _Course, recipe: Recipe, train: Split, validation: Split, context: Context, stage: str, others: Mapping[str, Any]
) -> None:
    import torch

    draw = np.random.default_rng([context.seed, zlib.crc32(stage.encode()), course.epoch])
    if recipe.choose is None:
        order = torch.from_numpy(draw.permutation(len(train)))
    else:
        # what is chosen may depend on what has been learned, so that a resumed epoch is not asked for it again
        order = course.order = recipe.choose(course.net, course.epoch, draw) if course.order is None else course.order
    n, total = len(order), recipe.epochs * len(train)
    told = {"validation": recipe.say(course.curve[-1]["validation"])} if course.curve else {}
    begun, first = time.perf_counter(), course.seen
    spent = course.train_s
    while course.seen < n:
        rows = order[course.seen : course.seen + recipe.batch]
        factor = recipe.schedule(course.epoch + course.seen / n)
        for group, rate in zip(course.optimiser.param_groups, course.rates, strict=True):
            group["lr"] = rate * factor
        course.optimiser.zero_grad()
        loss = _gradients(recipe, course.net, recipe.prepare(train.x[rows], True), train.y[rows])
        course.optimiser.step()
        if not math.isfinite(loss):
            where = f"{stage}, epoch {course.epoch + 1}"
            raise EngineError(where, "the loss must stay a number", loss, "lower the learning rate")
        course.seen += len(rows)
        course.loss += loss * len(rows)
        elapsed = time.perf_counter() - begun
        course.train_s = spent + elapsed
        done = course.epoch * len(train) + course.seen
        if done < total:
            per_s = (course.seen - first) / elapsed
            context.tell(stage=stage, done=done, total=total, per_s=per_s, loss=course.loss / course.seen, **told)
        if context.stopping:
            _save(course, context, stage, others)
            raise context.interrupted()
    _, score = evaluate(course.net, recipe, validation, context.seed)
    mean = course.loss / n
    course.curve.append({"loss": mean, "validation": score, "train_s": course.train_s, "samples": n})
    course.epoch, course.seen, course.order, course.loss = course.epoch + 1, 0, None, 0.0
    if score > course.best_score:
        course.best_score, course.best_epoch = score, course.epoch
        course.best = {
            key: value.clone() if isinstance(value, torch.Tensor) else value for key, value in course.net.state_dict().items()
        }
    per_s = (n - first) / max(course.train_s - spent, 1e-9)
    context.tell(stage=stage, done=course.epoch * len(train), total=total, per_s=per_s, loss=mean, validation=recipe.say(score))
    _save(course, context, stage, others)
    if context.stopping:
        raise context.interrupted()


def _gradients(recipe: Recipe, net: Module, x: Tensor, y: Tensor) -> float:
    """Add the gradients of a batch, and return its loss."""
    if recipe.learn is not None:
        return float(recipe.learn(net, x, y).detach())
    assert recipe.loss is not None
    loss = recipe.loss(recipe.forward(net, x), y)
    loss.backward()
    return float(loss.detach())


def _key(seed: int, stage: str) -> int:
    return int(np.random.SeedSequence([seed, zlib.crc32(stage.encode())]).generate_state(1, np.uint64)[0] >> np.uint64(1))


def _save(course: _Course, context: Context, stage: str, others: Mapping[str, Any]) -> None:
    import torch

    state = {name: getattr(course, name) for name in COUNTED}
    state |= {"best": course.best, "net": course.net.state_dict(), "optimiser": course.optimiser.state_dict()}
    state |= {"rng": torch.get_rng_state(), "best_score": course.best_score if course.best else None}
    files.write_bundle(context.checkpoint, {"stages": _plain({**others, stage: state})})


def _read(context: Context) -> dict[str, Any]:
    """The stages of the checkpoint in the context's folder; empty where there is none."""
    if not context.checkpoint.exists():
        return {}
    data, _ = files.read_bundle(context.checkpoint)
    if not isinstance(data, dict) or not isinstance(data.get("stages"), dict):
        raise CheckpointError(str(context.checkpoint), "must hold a training", "something else")
    return _tensors(data["stages"])


def _restore(course: _Course, state: Mapping[str, Any], context: Context) -> None:
    import torch

    try:
        for name in COUNTED:
            setattr(course, name, state[name])
        course.best = state["best"]
        course.best_score = -math.inf if state["best_score"] is None else state["best_score"]
        course.net.load_state_dict(state["net"])
        slots = {int(key): value for key, value in state["optimiser"]["state"].items()}
        course.optimiser.load_state_dict({"state": slots, "param_groups": state["optimiser"]["param_groups"]})
        torch.set_rng_state(state["rng"])
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        reason = " ".join(str(error).split())
        raise CheckpointError(str(context.checkpoint), "must be of the net that is trained", reason, "start anew") from None


def _plain(value: Any) -> Any:
    """Tensors as arrays, keys as text: what a bundle can hold."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value.detach().numpy() if hasattr(value, "detach") else value


def _tensors(value: Any) -> Any:
    import torch

    if isinstance(value, dict):
        return {key: _tensors(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_tensors(item) for item in value]
    return torch.from_numpy(np.array(value)) if isinstance(value, np.ndarray) else value
