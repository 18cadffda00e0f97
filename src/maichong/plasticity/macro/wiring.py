"""The synapses of a projection as a list that rules of structure change: who, onto whom, how strong, and where each came from.

It is inert. ``Run.synapses`` gives the list, ``maichong.rewiring.rewired`` puts a changed one back.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from maichong.errors import ParameterError, brief
from maichong.spec.quantities import whole_numbers


@dataclass(frozen=True, eq=False)
class Wiring:
    """Synapses ``pre`` [synapses] onto ``post`` with their ``weight``, between ``n_pre`` and ``n_post`` neurons.

    ``autapses=False`` says that both ends are one population whose neurons get no new synapse with themselves; one that is there
    stays. ``signs`` [n_pre], each +1, -1 or 0 (free), is Dale's principle: the sign of all weights of a neuron. ``origin``
    [synapses] is the place of each synapse in the list that this one came from, -1 where it is new.

    Raises ParameterError for lists of different lengths, neurons that are none, weights that are no finite numbers, and a weight
    against the sign of its neuron.

    >>> from maichong.plasticity.macro.wiring import Wiring
    >>> Wiring([0, 0, 1], [1, 2, 0], [0.5, 0.2, -1.0], n_pre=2, n_post=3, signs=[1, -1]).weight
    array([ 0.5,  0.2, -1. ])
    """

    pre: np.ndarray
    post: np.ndarray
    weight: np.ndarray
    n_pre: int = field(kw_only=True)
    n_post: int = field(kw_only=True)
    autapses: bool = field(default=True, kw_only=True)
    signs: Any = field(default=None, kw_only=True)
    origin: Any = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        for name, n in (("pre", self.n_pre), ("post", self.n_post)):
            given = getattr(self, name)
            whole = whole_numbers(given)
            if whole is None or (whole.size and not 0 <= whole.min() <= whole.max() < n):
                raise ParameterError(f"Wiring.{name}", f"must be a list of neurons, 0..{n - 1}", brief(given))
            object.__setattr__(self, name, whole)
        size = self.pre.size
        weight = np.asarray(self.weight, np.float64)
        if self.post.size != size or weight.shape != (size,) or not np.isfinite(weight).all():
            raise ParameterError(
                "Wiring", "needs a pre, a post and a finite weight for each synapse", f"{size} pre, {self.post.size} post"
            )
        object.__setattr__(self, "weight", weight)
        if not self.autapses and self.n_pre != self.n_post:
            raise ParameterError(
                "Wiring.autapses", "can be False only where both ends are one population", f"{self.n_pre} and {self.n_post}"
            )
        origin = np.arange(size) if self.origin is None else np.asarray(self.origin, np.int64)
        object.__setattr__(self, "origin", origin)
        if self.signs is None:
            return
        signs = np.asarray(self.signs, np.float64)
        if signs.shape != (self.n_pre,) or not np.isin(signs, (-1.0, 0.0, 1.0)).all():
            raise ParameterError("Wiring.signs", f"must be {self.n_pre} numbers, each +1, -1 or 0", brief(self.signs))
        object.__setattr__(self, "signs", signs)
        wrong = np.flatnonzero(signs[self.pre] * weight < 0)
        if wrong.size:
            k = int(wrong[0])
            kind = "<= 0: that neuron is inhibitory" if weight[k] > 0 else ">= 0: that neuron is excitatory"
            raise ParameterError(f"Wiring, weight of neuron {self.pre[k]}", f"must be {kind}", f"{weight[k]:g}")

    def kept(self, which: np.ndarray) -> Wiring:
        """The synapses that the flags ``which`` [synapses] leave."""
        return self._of(self.pre[which], self.post[which], self.weight[which], self.origin[which])

    def grown(self, pre: np.ndarray, post: np.ndarray, weight: np.ndarray) -> Wiring:
        """These synapses, and new ones behind them."""
        lists = ((self.pre, pre), (self.post, post), (self.weight, weight), (self.origin, np.full(len(pre), -1)))
        return self._of(*(np.concatenate(pair) for pair in lists))

    def _of(self, pre: np.ndarray, post: np.ndarray, weight: np.ndarray, origin: np.ndarray) -> Wiring:
        fixed = {"n_pre": self.n_pre, "n_post": self.n_post, "autapses": self.autapses, "signs": self.signs}
        return Wiring(pre, post, weight, **fixed, origin=origin)
