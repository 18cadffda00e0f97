"""Dale's principle at each step of an optimiser: a step that would take a weight across zero shrinks it in place of that."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from maichong.errors import ParameterError, brief
from maichong.nn.dale import signs_of
from maichong.spec.quantities import is_number


def keep_signs(
    optimiser: torch.optim.Optimizer,
    weight: torch.nn.Parameter,
    excitatory: float | Sequence[bool] = 0.8,
    *,
    decay: float = 0.1,
) -> torch.Tensor:
    """Let ``optimiser`` keep the sign of each row of ``weight`` [pre, post]: w <- (1 - ``decay``) w where a step would cross zero.

    ``excitatory`` is the fraction of presynaptic neurons, the first ones, whose weights are >= 0, or a flag for each; those of the
    others are <= 0. The weights take these signs at once, and keep their magnitudes. Returns the signs, [pre]. Whatever the rule
    that makes the gradients, no weight ever changes its sign; one of exactly 0 may leave it on its own side.

    Raises ParameterError for what is no optimiser, a weight that is not [pre, post] or that the optimiser does not change, a
    fraction outside 0..1, flags of another number, and a decay outside 0..1.

    Source: the released code of Zhang et al. 2018 (IJCAI), doi:10.24963/ijcai.2018/229, and 2021, doi:10.1126/sciadv.abh0146. For a
    weight that backpropagation trains, ``maichong.nn.dale`` is the better way: its optimiser never meets the wall.

    >>> import torch
    >>> weight = torch.nn.Parameter(torch.randn(10, 3))
    >>> optimiser = torch.optim.SGD([weight], lr=0.1)
    >>> keep_signs(optimiser, weight, excitatory=0.7).tolist()
    [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, -1.0, -1.0, -1.0]
    """
    if not isinstance(optimiser, torch.optim.Optimizer):
        raise ParameterError("keep_signs, optimiser", "must be one of torch.optim", brief(optimiser))
    if not isinstance(weight, torch.nn.Parameter) or weight.dim() != 2:
        got = f"{type(weight).__name__} {tuple(getattr(weight, 'shape', ()))}"
        raise ParameterError("keep_signs, weight", "must be a parameter [pre, post]", got)
    if not any(weight is known for group in optimiser.param_groups for known in group["params"]):
        raise ParameterError("keep_signs, weight", "must be one that the optimiser changes", fix="give it to the optimiser")
    if not is_number(decay) or not 0 <= decay <= 1:
        raise ParameterError("keep_signs, decay", "must be in 0..1", brief(decay))
    sign = signs_of("keep_signs, excitatory", excitatory, len(weight)).to(dtype=weight.dtype, device=weight.device)
    with torch.no_grad():
        weight.copy_(sign[:, None] * weight.abs())
    before: list[torch.Tensor] = []

    def remember(*_: Any) -> None:
        before[:] = [weight.detach().clone()]

    @torch.no_grad()
    def mend(*_: Any) -> None:
        crossed = sign[:, None] * weight < 0
        weight.copy_(torch.where(crossed, (1.0 - decay) * before.pop(), weight))

    optimiser.register_step_pre_hook(remember)
    optimiser.register_step_post_hook(mend)
    return sign
