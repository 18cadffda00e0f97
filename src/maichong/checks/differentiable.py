"""The checks of the engine "autograd": a neuron's layer takes the reference's steps, and its gradients are right.

The judge of the steps is the reference engine. Gradients have two judges. Where nothing fires, the reference is run on inputs and
parameters that are moved a little to both sides, a cell for each, and the differences are compared. Through spikes, where
differences say nothing of surrogates, torch's own derivative of the reference's step, the plain path, judges the fused kernels.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from maichong.checks.networks import CELLS, SPREAD, excitability
from maichong.checks.outcome import Failed, Unsupported, Variant
from maichong.engines.system import compose, evaluate
from maichong.network import Network, Population
from maichong.spec import Configured, Model, NeuronModel, Steps

if TYPE_CHECKING:
    import torch

    from maichong.nn import Spiking

DT, STEPS = 0.1, 300
"""30 ms: enough for cells at three times their threshold to fire, too little for rounding to grow in a chaotic one."""

RISE = 20
"""The steps in which the currents rise from 0.4 times their full size to that."""

SMOOTH = 20
"""The longest course, in steps, that is differentiated by differences."""

STATES = 1e-9
"""How far states may differ from the reference's, relative to the largest of them: rounding."""

GRADIENTS = 1e-7
"""The same for gradients of the fused kernels, for each cell: rounding, and what the upstroke of a spike makes of it."""

DIFFERENCES, MOVE, ROUNDING = 1e-5, 1e-5, 1e-13
"""The same for gradients and differences of inputs and parameters that are moved by MOVE of their size, and what a state is rounded
by in SMOOTH steps, in parts of it."""


@dataclass(frozen=True)
class Course:
    """What the reference does with ``currents`` [steps, cells]: states by name [steps, cells], and who fired, 0 or 1."""

    currents: np.ndarray
    spikes: np.ndarray
    states: dict[str, np.ndarray]


def takes_the_steps(model: Model, variant: Variant) -> None:
    """Spikes and states of a layer are those of the reference engine, on cells on both sides of the threshold."""
    judge = _course(model)
    layer, states = _layer(model, variant.options["engine"]), tuple(judge.states)
    spikes, *values = (_numbers(out) for out in layer(_tensor(judge.currents)))
    differ = spikes != judge.spikes
    if differ.any():
        step, cell = (int(k) for k in np.argwhere(differ)[0])
        raise Failed(f"spikes differ from the reference's first at {(step + 1) * DT:g} ms, in cell {cell}")
    for name, value in zip(states, values, strict=True):
        _near(name, judge.states[name], value, STATES)


def differentiates(model: Model, variant: Variant) -> None:
    """A layer's gradients are the differences of the reference, and on the fused path those of the plain one through spikes."""
    layer = _layer(model, variant.options["engine"])
    _as_differences(model, layer)
    if variant.options["engine"] == "fused":
        x = _tensor(_course(model).currents)
        found, judge = (_through_spikes(each, x) for each in (layer, _layer(model, "plain")))
        for name, value in judge.items():
            _near(f"through spikes, d loss / d {name}", value, found[name], GRADIENTS, axis=0)


def _layer(model: Model, engine: str) -> Spiking:
    try:
        import torch
    except ImportError:
        raise Unsupported("skipped: needs maichong[deep]") from None
    from maichong.nn import Spiking, Surrogate

    usual = torch.get_default_dtype()
    try:
        torch.set_default_dtype(torch.float64)  # that of a layer's parameters
        return Spiking(
            _neuron(model), dt=DT, engine=engine, outputs=("spikes", *(state.name for state in model.states)),
            trainable=_learned(model), surrogate=Surrogate("triangle", _width(model)),
        )  # fmt: skip
    finally:
        torch.set_default_dtype(usual)


def _width(model: Model) -> float:
    """A surrogate's width: half of how near the smooth course comes to the threshold, so that no surrogate is seen there."""
    neuron, course = _neuron(model), _course(model)
    system = compose(Population("cells", neuron, 1), [], lambda value, what, n=None: value)
    env = {**system.params, **{name: values[: _smooth(course), 0] for name, values in course.states.items()}}
    evaluate(system.fires, env)
    return max(float(np.abs(env["excess"]).min()) / 2, 1e-6)


def _smooth(course: Course) -> int:
    """The steps before the first spike of any cell, SMOOTH at most."""
    fired = np.flatnonzero(course.spikes.any(axis=1))
    return min(SMOOTH, int(fired[0]) if fired.size else STEPS)


def _neuron(model: Model) -> Configured:
    assert isinstance(model, NeuronModel)
    if not model.inputs:
        raise Unsupported("a layer needs an input, and the neuron has none")
    return model(t_ref=1.0)


def _learned(model: Model) -> tuple[str, ...]:
    return tuple(
        param.name for param in model.params if not param.static and param.name != "t_ref" and param.default is not None
    )


@functools.lru_cache(maxsize=4)
def _course(model: Model) -> Course:
    rng = np.random.default_rng(1)
    neuron = _neuron(model)
    # it sets in slowly, so that the quickest of neurons, too, has steps before its first spike
    rise = np.interp(np.arange(STEPS), [0, RISE], [0.4, 1.0])[:, None]
    return _reference(neuron, excitability(neuron, within=STEPS * DT) * SPREAD * rise * rng.uniform(0.5, 1.5, (STEPS, CELLS)))


def _reference(neuron: Configured, currents: np.ndarray) -> Course:
    model = neuron.model
    assert isinstance(model, NeuronModel)
    steps, cells = currents.shape
    net = Network(dt=DT)
    net.population("cells", neuron, cells, drive={model.inputs[0].name: Steps(DT * np.arange(steps), currents)})
    net.probe("cells", "spikes")
    for state in model.states:
        net.probe("cells", state.name, every=DT)
    run = net.build("reference")
    run.run(steps * DT)
    spikes = np.zeros((steps, cells))
    found = run["cells"].spikes
    spikes[np.rint(found.times / DT).astype(int) - 1, found.ids] = 1.0
    return Course(currents, spikes, {state.name: run["cells"].samples(state.name).values for state in model.states})


def _as_differences(model: Model, layer: Spiking) -> None:
    """Each state at the end of a course without spikes, by the input of each step and by each parameter."""
    neuron, whole = _neuron(model), _course(model)
    steps = _smooth(whole)
    if steps < 2:
        raise Unsupported("its cells fire at once: there is no smooth course to differentiate")
    drive = whole.currents[:steps, 0]  # of the weakest cell
    moves = [MOVE * float(np.abs(drive).max())] * steps
    # a pair of cells for each input and each parameter, the first of them moved up and the second down
    learned = _learned(model)
    pairs = steps + len(learned)
    currents = np.repeat(drive[:, None], 2 * pairs, axis=1)
    for k in range(steps):
        currents[k, [2 * k, 2 * k + 1]] += (moves[k], -moves[k])
    values: dict[str, Any] = {}
    for k, name in enumerate(learned, steps):
        value = float(neuron.values[name])
        moves.append(MOVE * max(abs(value), 1e-3))
        values[name] = np.full(2 * pairs, value)
        values[name][[2 * k, 2 * k + 1]] += (moves[k], -moves[k])
    moved = _reference(model(**{**neuron.values, **values}), currents)
    x = _tensor(drive[:, None]).requires_grad_()
    for name, ends in moved.states.items():
        slopes = (ends[-1, 0::2] - ends[-1, 1::2]) / (2 * np.array(moves))
        gradients = _gradients(layer, x, {name: 1.0})
        noise = ROUNDING * np.abs(ends[-1]).max() / np.array(moves)
        _near(f"d {name} / d input of each step", slopes[:steps], gradients["input"].ravel(), DIFFERENCES, noise[:steps])
        for k, param in enumerate(learned, steps):
            _near(f"d {name} / d {param}", slopes[k : k + 1], gradients[param].ravel(), DIFFERENCES, noise[k : k + 1])


def _through_spikes(layer: Spiking, x: torch.Tensor) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(2)
    return _gradients(layer, x.requires_grad_(), {name: rng.random(x.shape) for name in layer.outputs})


def _gradients(layer: Spiking, x: torch.Tensor, weights: dict[str, Any]) -> dict[str, np.ndarray]:
    """d loss by the input and by each parameter; the loss is the sum of outputs by ``weights``, where a number is for the end."""
    import torch
    from torch.nn.utils import parametrize

    with (
        parametrize.cached()
    ):  # one tensor for each parameter, so that the gradient is by the parameter and not by its logarithm
        outputs = dict(zip(layer.outputs, layer(x), strict=True))
        loss = sum(
            (outputs[name] * torch.as_tensor(weight)).sum()
            if isinstance(weight, np.ndarray)
            else weight * outputs[name][-1].sum()
            for name, weight in weights.items()
        )
        params = {name: getattr(layer, f"par_{name}") for name in layer.cell.trainable}
        found = torch.autograd.grad(loss, [x, *params.values()], allow_unused=True, materialize_grads=True)
    return {
        name: _numbers(value) if value.ndim == 3 else value.numpy()
        for name, value in zip(("input", *params), found, strict=True)
    }


def _tensor(currents: np.ndarray) -> torch.Tensor:
    import torch

    return torch.as_tensor(currents).unsqueeze(1).clone()


def _numbers(out: torch.Tensor) -> np.ndarray:
    return out.detach().squeeze(1).numpy()


def _near(
    what: str, expected: np.ndarray, found: np.ndarray, tolerance: float, floor: Any = 0.0, axis: int | None = None
) -> None:
    """Failed where values differ by more than ``tolerance`` of the largest along ``axis``, and ``floor``."""
    scale = np.abs(expected).max(axis=axis, keepdims=True, initial=0.0)
    wrong = ~(np.abs(found - expected) <= tolerance * scale + floor)
    if wrong.any():
        place = tuple(int(k) for k in np.argwhere(wrong)[0])
        raise Failed(f"{what}: {found[place]:.10g} instead of {expected[place]:.10g}, {wrong.sum()} of {wrong.size} differ")
