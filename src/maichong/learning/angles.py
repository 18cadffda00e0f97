"""How far a rule's update is from the gradient: the angle between the two."""

from __future__ import annotations

import math
from typing import Any

import torch

from maichong.learning.learner import Learner


def alignment(learner: Learner, x: torch.Tensor, target: Any) -> dict[str, float]:
    """The angle in degrees between what the learner's rules say and the gradient of the loss, for each parameter by name.

    0 is the gradient itself, 90 nothing of it; where the angle is below 90, a small step lowers the loss. NaN where one of the two
    is zero. Random layers draw the same numbers for both; the net's buffers, as running means, stay as they are.

    Lillicrap et al. 2016, doi:10.1038/ncomms13276, figure 2.
    """
    found = _kept(learner, learner, x, target)
    true = _kept(learner, Learner(learner.net, learner.loss), x, target)
    updates = dict(found.gradients) | {name: -change for name, change in found.changes.items()}
    return {name: _angle(updates[name], g) for name, g in true.gradients.items() if name in updates}


def _kept(owner: Learner, learner: Learner, x: torch.Tensor, target: Any) -> Any:
    buffers = {name: value.clone() for name, value in owner.net.named_buffers()}
    with torch.random.fork_rng(devices=[x.device] if x.device.type == "cuda" else []):
        found = learner.assign(x, target)
    for name, value in owner.net.named_buffers():
        value.copy_(buffers[name])
    return found


def _angle(a: torch.Tensor, b: torch.Tensor) -> float:
    a, b = a.double().flatten(), b.double().flatten()
    size = float(a.norm() * b.norm())
    # from both the sum and the difference of the unit vectors: exact where the cosine is near 1
    if not size:
        return math.nan
    a, b = a / a.norm(), b / b.norm()
    return math.degrees(2 * math.atan2(float((a - b).norm()), float((a + b).norm())))
