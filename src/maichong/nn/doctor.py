"""``doctor``: what is wrong with a spiking net on one batch, layer by layer, and what to change."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch

from maichong.errors import EngineError, ParameterError, brief
from maichong.nn.advice import Patient, advise
from maichong.nn.diagnosis import Diagnosis, Row
from maichong.nn.recurrent import Recurrent
from maichong.nn.spiking import Spiking, State
from maichong.nn.vitals import vitals


@dataclass
class _Seen:
    """What passes a spiking layer while the net runs."""

    path: str
    name: str
    layer: Spiking
    weights: dict[str, torch.nn.Parameter] = field(default_factory=dict)
    courses: list[tuple[list[torch.Tensor], State | None]] = field(default_factory=list)
    bad: int = 0
    features: int = 0


def doctor(model: torch.nn.Module, batch: Any, *, loss: Callable[..., torch.Tensor] | None = None) -> Diagnosis:
    """Say how each spiking layer of ``model`` does on ``batch``, before or during training, and what to change.

    ``batch`` is the net's input, or (input, target). ``loss(output)``, or ``loss(output, target)`` where there is a target, is what
    gradients are of; without it they are of the outputs weighted at random, which no output makes 0. Layers are found in any module
    that holds ``Spiking`` or ``Recurrent``. The numbers of the advice are tried on the batch: the layer is run again on its inputs
    as they would be. The columns are those of :class:`maichong.nn.diagnosis.Row`.

    The model stays as it is: parameters, gradients, buffers such as the means of a batch norm, mode, and torch's random state. It
    runs in the mode that it is in. Not for other simulators' layers, which do not show their membranes.

    Raises ParameterError for what is no module, EngineError for a model without spiking layers and for a batch that does not go
    through it.

    >>> import torch
    >>> from maichong import LIF
    >>> from maichong.nn import Sequential, Spiking
    >>> net = Sequential(torch.nn.Linear(4, 3, bias=False), Spiking(LIF(tau_m=2.0, c_m=2.0, v_rest=0.0, v_th=1.0, v_r=0.0)))
    >>> _ = torch.nn.init.constant_(net[0].weight, 0.1)
    >>> print(doctor(net, torch.ones(10, 1, 4)).advice[0].partition("; ")[0])
    layer '1': 100 % of its neurons never fire
    """
    if not isinstance(model, torch.nn.Module):
        raise ParameterError("doctor, model", "must be a module of torch", brief(model))
    if not any(isinstance(module, Spiking) for module in model.modules()):
        raise EngineError("doctor, model", "has no spiking layer", type(model).__name__, "it looks for Spiking and Recurrent")
    x, target = batch if isinstance(batch, (tuple, list)) and len(batch) == 2 else (batch, None)
    if not isinstance(x, torch.Tensor):
        raise EngineError("doctor, batch", "must be the net's input, a tensor, or (input, target)", brief(batch))
    if not bool(torch.isfinite(x).all()):
        raise EngineError(
            "doctor, batch", "must be finite", f"{int((~torch.isfinite(x)).sum())} NaN or infinite of {x.numel()}"
        )
    with _unchanged(model), _watched(model) as seen, torch.enable_grad():
        output, broken = _run(model, x)
        if not seen:
            raise EngineError("doctor, model", "its spiking layers did not run on this batch")
        gradients = _gradients(seen, output, target, loss) if output is not None else {}
        patients = _examine(seen, gradients)
    return Diagnosis(tuple(patient.row for patient in patients), tuple(advise(patients, broken)))


def _run(model: torch.nn.Module, x: torch.Tensor) -> tuple[torch.Tensor | None, str | None]:
    """The output, or why a layer broke down."""
    try:
        output = model(x)
    except EngineError as error:
        if error.where == "Spiking, input" and "finite" in error.expected:
            return None, str(error.got)
        raise
    except (RuntimeError, ValueError, TypeError, IndexError) as error:
        raise EngineError(
            "doctor, batch",
            f"does not go through the model: {brief(str(error))}",
            tuple(x.shape),
            "time stands first, then batch",
        ) from error
    while isinstance(output, (tuple, list)) and output:
        output = output[0]
    if not isinstance(output, torch.Tensor):
        raise EngineError("doctor, model", "must return a tensor, or a tuple that begins with one", brief(output))
    return output, None


@contextmanager
def _unchanged(model: torch.nn.Module) -> Iterator[None]:
    """Buffers, generators and the state of torch's own are put back as they were, in place."""
    buffers = [(buffer, buffer.detach().clone()) for buffer in model.buffers()]
    own = [g for module in model.modules() if isinstance(g := getattr(module, "generator", None), torch.Generator)]
    generators = [(generator, generator.get_state()) for generator in own]
    devices = {p.device.index or 0 for p in model.parameters() if p.device.type == "cuda"}
    try:
        with torch.random.fork_rng(devices=sorted(devices)):
            yield
    finally:
        with torch.no_grad():
            for buffer, value in buffers:
                buffer.copy_(value)
        for generator, state in generators:
            generator.set_state(state)


@contextmanager
def _watched(model: torch.nn.Module) -> Iterator[dict[str, _Seen]]:
    """Fills, while the model runs, what its spiking layers get, and which weights lead into each: those used since the last one."""
    seen: dict[str, _Seen] = {}
    pending: dict[str, torch.nn.Parameter] = {}
    inside = {id(part) for module in model.modules() if isinstance(module, Spiking) for part in module.modules()}
    short = {f"{name}.cells".lstrip("."): name for name, module in model.named_modules() if isinstance(module, Recurrent)}

    def weigh(name: str) -> Callable[..., None]:
        def hook(module: torch.nn.Module, args: Any) -> None:
            pending.update({f"{name}.{key}".lstrip("."): value for key, value in module.named_parameters(recurse=False)})

        return hook

    def look(name: str) -> Callable[..., None]:
        def hook(module: Spiking, args: Any, kwargs: dict[str, Any]) -> None:
            given = dict(zip(("x", "state"), args, strict=False)) | kwargs
            x, state = given["x"].detach(), given.get("state")
            entry = seen.setdefault(name, _Seen(name, short.get(name, name), module))
            entry.weights.update(pending)
            pending.clear()
            entry.bad += int((~torch.isfinite(x)).sum())
            entry.features = x.shape[2:].numel()
            if state is None or not entry.courses:
                entry.courses.append(([], state if state is None else state.detach()))
            entry.courses[-1][0].append(x)

        return hook

    hooks: list[Any] = []
    try:
        for name, module in model.named_modules():
            if isinstance(module, Spiking):
                hooks.append(module.register_forward_pre_hook(look(name), with_kwargs=True))
            elif id(module) not in inside and any(True for _ in module.parameters(recurse=False)):
                hooks.append(module.register_forward_pre_hook(weigh(name)))
        yield seen
    finally:
        for hook in hooks:
            hook.remove()


def _gradients(
    seen: dict[str, _Seen], output: torch.Tensor, target: Any, loss: Callable[..., torch.Tensor] | None
) -> dict[int, torch.Tensor]:
    """The gradient of each weight that gets one, by its id; ``.grad`` is not touched."""
    if loss is None:
        weights = torch.randn(output.shape, generator=torch.Generator().manual_seed(0)).to(output)
        value = (weights * output).mean()
    else:
        value = loss(output) if target is None else loss(output, target)
        if not isinstance(value, torch.Tensor) or value.numel() != 1:
            raise EngineError("doctor, loss", "must return one number, a tensor", brief(value))
    unique = {id(p): p for entry in seen.values() for p in entry.weights.values() if p.requires_grad}
    if not unique or not value.requires_grad:
        return {key: torch.zeros_like(p) for key, p in unique.items()}
    found = torch.autograd.grad(value, list(unique.values()), allow_unused=True, materialize_grads=True)
    return dict(zip(unique, found, strict=True))


def _examine(seen: dict[str, _Seen], gradients: dict[int, torch.Tensor]) -> list[Patient]:
    patients = []
    *_, final = seen.values()
    for entry in seen.values():
        own = [gradients[id(p)] for p in entry.weights.values() if id(p) in gradients]
        bad = entry.bad + sum(int((~torch.isfinite(g)).sum()) for g in own)
        size = sum(g.numel() for g in own)
        gradient = math.sqrt(sum(float(g.double().square().sum()) for g in own) / size) if size else None
        courses = [(torch.cat(parts), state) for parts, state in entry.courses]
        signs = None if entry.bad else vitals(entry.layer, courses)
        width = entry.layer.surrogate.width
        known = signs and {
            "rate": signs.rate, "dead": signs.dead, "saturated": signs.saturated, "distance": signs.unit / width,
            "near": signs.near, "slope": signs.slope,
        }  # fmt: skip
        row = Row(entry.name, entry.features, **(known or {}), gradient=gradient, bad=bad)
        outside, inside = _named(entry.path, entry.weights)
        patients.append(Patient(row, entry.layer, signs, courses, outside, inside, _bad_weights(entry.weights), entry is final))
    last = next((p.row.gradient for p in reversed(patients) if p.row.gradient), None)
    return [patient.compared(last) for patient in patients]


def _named(path: str, weights: dict[str, torch.nn.Parameter]) -> tuple[Sequence[str], Sequence[str]]:
    """What scales the input of the layer at ``path``: the parameters of the last module before it, and those of recurrence."""
    owners = {name: name.rpartition(".")[0] for name in weights}
    inside = [name for name, owner in owners.items() if owner and path.startswith(f"{owner}.")]
    last = next((owner for name, owner in reversed(owners.items()) if name not in inside), None)
    return [name for name, owner in owners.items() if owner == last], inside


def _bad_weights(weights: dict[str, torch.nn.Parameter]) -> Sequence[str]:
    return [name for name, value in weights.items() if not bool(torch.isfinite(value).all())]
