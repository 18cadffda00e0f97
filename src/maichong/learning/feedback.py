"""Random feedback: fixed matrices that bring errors or targets to a layer in place of the transposed weights above it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch.func import functional_call

from maichong.errors import EngineError, brief

WEIGHTED = (torch.nn.Linear, torch.nn.Conv1d, torch.nn.Conv2d, torch.nn.Conv3d)
"""Layers whose weights can be replaced on the way back."""


class Feedback:
    """The random matrices of a learner by name, each drawn when it is first asked for, and never changed.

    Each is Kaiming-uniform, U(-b, b) with b = sqrt(6 / n), from a stream of its own that follows from the seed and the name; it is
    drawn on the CPU, so that it is the same on every device, and moves to the kind of the tensors that it meets.
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.matrices: dict[str, torch.Tensor] = {}

    def matrix(self, name: str, shape: tuple[int, ...], n: int, like: torch.Tensor) -> torch.Tensor:
        """The matrix called ``name``, of ``shape`` with a fan-in of ``n``, of the dtype and on the device of ``like``."""
        if name not in self.matrices:
            stream = np.random.SeedSequence([self.seed, *name.encode()])
            generator = torch.Generator().manual_seed(int(stream.generate_state(1, np.uint64)[0] >> np.uint64(1)))
            bound = math.sqrt(6.0 / n)
            self.matrices[name] = torch.empty(shape, dtype=like.dtype).uniform_(-bound, bound, generator=generator)
        found = self.matrices[name] = self.matrices[name].to(dtype=like.dtype, device=like.device)
        if tuple(found.shape) != shape:
            raise EngineError(
                "Learner, input", f"must fit the random matrix {name}, which was drawn for {tuple(found.shape)}", shape,
                "a learner keeps its matrices: use inputs and targets of one size",
            )  # fmt: skip
        return found

    def load(self, matrices: Mapping[str, torch.Tensor]) -> None:
        """Those of a checkpoint in place of these."""
        self.matrices = {name: value.detach().clone() for name, value in matrices.items()}


class _Feedback(torch.autograd.Function):
    """(result, x, module, matrix) -> result, whose gradient goes on into it as it is, and into x through the matrix."""

    @staticmethod
    def forward(ctx: Any, result: torch.Tensor, x: torch.Tensor, module: torch.nn.Module, matrix: torch.Tensor) -> torch.Tensor:
        ctx.module = module
        ctx.save_for_backward(x, matrix)
        return result.view_as(result)

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> Any:
        x, matrix = ctx.saved_tensors
        if isinstance(ctx.module, torch.nn.Linear):
            return gradients[0], gradients[0] @ matrix, None, None
        with torch.enable_grad():
            leaf = x.detach().requires_grad_()
            parameters = {name: value.detach() for name, value in ctx.module.named_parameters()} | {"weight": matrix}
            (back,) = torch.autograd.grad(functional_call(ctx.module, parameters, (leaf,)), leaf, gradients[0])
        return gradients[0], back, None, None


class Aligned(torch.nn.Module):
    """A linear or convolution layer that hands gradients down through a fixed random weight of the same shape."""

    def __init__(self, name: str, module: torch.nn.Module, feedback: Feedback, scale: float) -> None:
        super().__init__()
        self.name, self.module, self.feedback, self.scale = name, module, feedback, scale

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if not x.requires_grad:
            return self.module(x)
        weight = self.module.weight
        assert isinstance(weight, torch.Tensor)
        matrix = self.feedback.matrix(f"{self.name}.weight", tuple(weight.shape), weight[0].numel(), weight)
        return _Feedback.apply(self.module(x.detach()), x, self.module, self.scale * matrix)


def aligned(layers: Mapping[str, torch.nn.Module], feedback: Feedback, scale: float) -> dict[str, torch.nn.Module]:
    """Layers with random weights on the way back. EngineError where one has weights that cannot be replaced."""
    found: dict[str, torch.nn.Module] = {}
    linear = False
    for name, module in layers.items():
        if isinstance(module, WEIGHTED):
            found[name] = Aligned(name, module, feedback, scale)
            linear = True
        else:
            found[name] = module
            if any(isinstance(part, WEIGHTED) for part in module.modules()):
                raise EngineError(
                    f"FeedbackAlignment, layer {name}", "replaces the weights of Linear and Conv layers of the net itself",
                    brief(type(module).__name__), "put its layers into the net, or use DirectFeedbackAlignment below it",
                )  # fmt: skip
    if not linear:
        raise EngineError(
            f"FeedbackAlignment, layer {next(iter(layers))}", "needs a Linear or Conv layer above the neurons that it teaches",
            ", ".join(type(module).__name__ for module in layers.values()),
        )  # fmt: skip
    return found
