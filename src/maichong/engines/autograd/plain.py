"""The plain path: a cell's steps as a loop of torch operations, on any device; the judge of the fused one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch

from maichong.engines.autograd.cell import TORCH, Cell, in_torch
from maichong.engines.autograd.shapes import SPIKES, Shape
from maichong.engines.autograd.surrogates import Surrogate
from maichong.engines.events.stepping import Coefficients
from maichong.engines.stepping import Stepper
from maichong.engines.system import evaluate

Watch = Callable[[torch.Tensor, torch.Tensor], None]


class Spike(torch.autograd.Function):
    """A step function whose derivative is a surrogate."""

    @staticmethod
    def forward(ctx: Any, excess: torch.Tensor, free: torch.Tensor, surrogate: Surrogate) -> torch.Tensor:
        ctx.save_for_backward(excess, free)
        ctx.surrogate = surrogate
        return (free & (excess >= 0)).to(excess.dtype)

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor, None, None]:
        excess, free = ctx.saved_tensors
        slope = in_torch(ctx.surrogate.function)(excess, torch.as_tensor(ctx.surrogate.width, dtype=excess.dtype))
        return torch.where(free, gradients[0] * slope, 0.0), None, None


def run(
    cell: Cell, shape: Shape, current: torch.Tensor, wait: torch.Tensor, states: Mapping[str, torch.Tensor],
    numbers: Mapping[str, torch.Tensor], watch: Watch | None = None,
) -> tuple[list[torch.Tensor], dict[str, torch.Tensor], torch.Tensor]:  # fmt: skip
    """All steps: currents [steps, rows, width] -> the outputs, the last states, and how many steps each neuron must still wait.

    ``watch`` is shown each step's distance from the threshold, before the reset, and which neurons may fire.
    """
    system = cell.system

    def filled(coefficients: Coefficients) -> dict[str, dict[str, torch.Tensor]]:
        found: dict[str, dict[str, torch.Tensor]] = {}
        for (state, source), name in coefficients.names.items():
            found.setdefault(state, {})[source] = numbers[name]
        return found

    stepper = Stepper(
        system, cell.integration, cell.dt, table=TORCH, reading=in_torch, zeros=torch.zeros_like, exact=filled(cell.exact),
        stages={node: filled(stage) for node, stage in cell.stages.items()},
    )  # fmt: skip
    params = {name: numbers[name] for name in system.params}
    (drive, *others) = list(system.held)
    env: dict[str, Any] = {**params, **states}
    env |= {name: torch.zeros((), dtype=current.dtype, device=current.device) for name in (drive, *others)}
    outputs: dict[str, list[torch.Tensor]] = {name: [] for name in shape.outputs}
    for now in current:
        if system.ports:
            for state, jump in system.ports[0].jumps:
                env[state] = env[state] + jump * now
        else:
            env[drive] = now
        wait, spike = _step(cell, shape, stepper, env, wait, watch)
        for name, kept in outputs.items():
            kept.append(spike if name == SPIKES else env[name].expand(spike.shape))
    return [torch.stack(kept) for kept in outputs.values()], {name: env[name] for name in system.states}, wait


def _step(
    cell: Cell, shape: Shape, stepper: Stepper, env: dict[str, Any], wait: torch.Tensor, watch: Watch | None
) -> tuple[torch.Tensor, torch.Tensor]:
    system, membrane = cell.system, cell.system.membrane
    free = wait == 0
    new = stepper(env)
    before = {**env, **new}
    if system.holds:
        before[membrane] = torch.where(free, before[membrane], env[membrane])
    evaluate(system.fires, before, in_torch)
    if watch:
        watch(before["excess"].expand(free.shape), free)
    above = before["excess"] >= 0
    spike = Spike.apply(before["excess"], free, shape.surrogate)
    evaluate(system.reset, before, in_torch)
    fired = spike.detach() if shape.detach_reset else spike
    for state in system.states:
        env[state] = before[state]
        if f"reset_{state}" in before:
            landing = before[f"reset_{state}"]
            # the value of a choice, the derivative of a mixture
            mixed = before[state] + fired * (landing - before[state])
            env[state] = mixed + (torch.where(spike > 0, landing, before[state]) - mixed).detach()
    left = torch.clamp(wait - 1, min=0)
    wait = torch.where(spike > 0, torch.full_like(left, cell.pause), left)
    if system.crossing:
        wait = torch.where(above, torch.clamp(wait, min=1), wait)
    return wait, spike
