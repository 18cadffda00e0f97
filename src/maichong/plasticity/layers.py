"""Rules that act in every step, on a layer's activities: the same rule files as in a network, for rates as for spikes.

>>> import numpy as np
>>> from maichong import Oja
>>> x = np.random.default_rng(0).multivariate_normal([0, 0], [[3, 1], [1, 2]], 4000)
>>> layer = Layer(Oja(eta=0.005), np.array([[1.0], [0.0]]))
>>> for one in x:
...     layer = layer.step(one[None], one[None] @ layer.weight)
>>> np.abs(layer.weight[:, 0]).round(1)
array([0.9, 0.5])
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from maichong.errors import ParameterError, brief
from maichong.spec import Configured, RuleModel
from maichong.spec.reading import arguments
from maichong.spec.rule_model import synapse_start, weight_bounds

KNOWN = ("w", "s_pre", "s_post")
"""What a layer can tell a rule, besides the rule's own parameters and states."""


@dataclass(frozen=True)
class Layer:
    """The weights [pre, post] of a layer and what its rule keeps of each synapse; ``step`` gives the layer after a step.

    Activities are rates or spikes, any real numbers. Changes are averaged over a batch, and weights stay within the rule's bounds.

    Raises ParameterError for a rule that acts otherwise than in every step or asks for what a layer does not have (traces, the
    potential), and for weights or activities that do not fit.
    """

    rule: Configured
    weight: np.ndarray
    states: Mapping[str, np.ndarray] = field(default_factory=dict)

    def __post_init__(self) -> None:
        model = self.rule.model if isinstance(self.rule, Configured) else None
        if not isinstance(model, RuleModel) or set(model.functions()) != {"on_step"}:
            raise ParameterError("Layer, rule", "must be a rule that acts in every step alone, such as Oja()", brief(self.rule))
        own = {*KNOWN, *(symbol.name for symbol in (*model.params, *model.states))}
        if strange := [name for name in arguments(model.functions()["on_step"]) if name not in own]:
            raise ParameterError("Layer, rule", f"asks for {', '.join(strange)}, which a layer does not have", model.name)
        weight = np.asarray(self.weight, np.float64)
        low, high = weight_bounds(self.rule)
        if weight.ndim != 2 or not np.isfinite(weight).all() or (weight < low).any() or (weight > high).any():
            raise ParameterError(
                "Layer, weight", f"must be a matrix [pre, post] within {low:g} to {high:g}", brief(self.weight)
            )
        object.__setattr__(self, "weight", weight)
        if not self.states:
            object.__setattr__(self, "states", synapse_start(self.rule, weight))

    def step(self, s_pre: Any, s_post: Any) -> Layer:
        """The layer after a step in which its sources were active by ``s_pre`` [batch, pre] and its targets by ``s_post``."""
        pre, post = (np.asarray(values, np.float64) for values in (s_pre, s_post))
        n_pre, n_post = self.weight.shape
        if pre.ndim != 2 or post.ndim != 2 or len(pre) != len(post) or (pre.shape[1], post.shape[1]) != (n_pre, n_post):
            expected = f"activities must be [batch, {n_pre}] and [batch, {n_post}]"
            raise ParameterError("Layer.step", expected, f"{list(pre.shape)} and {list(post.shape)}")
        function = self.rule.model.functions()["on_step"]
        known = {**self.rule.values, **self.states, "w": self.weight}
        total = [np.zeros_like(self.weight) for _ in range(1 + len(self.states))]
        for one, other in zip(pre, post, strict=True):  # [pre, post] at a time: a whole batch would not fit a cache
            here = {**known, "s_pre": one[:, None], "s_post": other[None, :]}
            found = function(*(here[name] for name in arguments(function)))
            for sum_, value in zip(total, found if isinstance(found, tuple) else (found,), strict=True):
                sum_ += value
        weight, *states = (sum_ / len(pre) for sum_ in total)
        names = [state.name for state in self.rule.model.states]
        return replace(self, weight=np.clip(weight, *weight_bounds(self.rule)), states=dict(zip(names, states, strict=True)))


def sanger(weight: np.ndarray, x: np.ndarray, eta: float) -> np.ndarray:
    """Sanger's generalised Hebbian rule: each target learns as by Oja's from what the targets before it leave over.

        y = x W;      w_ij <- w_ij + eta y_j (x_i - sum over k <= j of y_k w_ik)

    weight [pre, post], x [batch, pre] -> the weight after a step, averaged over the batch; its columns turn into the first
    principal components of x, in order.

    Source: Sanger 1989, doi:10.1016/0893-6080(89)90044-0. It is no rule of one synapse: a target must know those before it.
    """
    y = x @ weight
    return weight + eta * (x.T @ y - weight @ np.triu(y.T @ y)) / len(x)
