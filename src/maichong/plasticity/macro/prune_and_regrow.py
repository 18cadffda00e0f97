"""Prune and regrow: synapses that stay weak are dropped, and as many new ones try their luck elsewhere.

    drop a synapse whose abs(w) < theta for the time ``patience``;      regrow as many, between random pairs that have none, at
    w = sign(pre) w_0

The number of synapses stays the same, as does the sign of each presynaptic neuron (Dale's principle).

Source: Mocanu, Mocanu, Stone, Nguyen, Gibescu & Liotta 2018, doi:10.1038/s41467-018-04316-3; with signs: Bellec, Kappel, Maass &
Legenstein 2018, arXiv:1711.05136; weak spines go first in cortex: Holtmaat & Svoboda 2009, doi:10.1038/nrn2699.

Not for rates far from where they should be: see growth, which follows activity and not weights.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from maichong.errors import ParameterError, brief
from maichong.plasticity.macro.wiring import Wiring
from maichong.spec.quantities import is_number


@dataclass(frozen=True)
class PruneAndRegrow:
    """Constants: a synapse is weak below ``theta``, goes after ``patience`` ms of it, and a new one begins at ``w_0`` (both in the
    weight's unit, without a sign).

    Raises ParameterError for a theta or patience below 0, and a w_0 that is no number or weak from the start.

    >>> import numpy as np
    >>> from maichong.plasticity.macro.prune_and_regrow import PruneAndRegrow
    >>> from maichong.plasticity.macro.wiring import Wiring
    >>> wiring = Wiring([0, 1], [1, 0], [0.01, -0.9], n_pre=2, n_post=4, signs=[1, -1])
    >>> changed, weak = PruneAndRegrow(theta=0.1, w_0=0.5).step(wiring, np.zeros(2), 100.0, np.random.default_rng(1))
    >>> len(changed.pre), changed.origin
    (2, array([ 1, -1]))
    """

    theta: float = 0.05
    patience: float = 0.0
    w_0: float = 0.1

    def __post_init__(self) -> None:
        for name in ("theta", "patience", "w_0"):
            value = getattr(self, name)
            if not is_number(value) or not np.isfinite(value) or value < 0:
                raise ParameterError(f"PruneAndRegrow.{name}", "must be a number >= 0", brief(value))
        if self.w_0 < self.theta:
            raise ParameterError(
                "PruneAndRegrow.w_0", f"must be >= theta = {self.theta:g}, or it is weak at once", f"{self.w_0:g}"
            )

    def step(self, wiring: Wiring, weak: Any, elapsed: float, rng: np.random.Generator) -> tuple[Wiring, np.ndarray]:
        """The synapses ``elapsed`` ms later, and for how long each has been weak by then, ms [synapses].

        ``weak`` [synapses] is what the last step gave, zeros at first. New synapses stand at the end of the list; where their
        presynaptic neuron has no sign (0, or no signs at all), they are excitatory. Raises ParameterError for a ``weak`` of another
        length, and where no pair is left for a new synapse.
        """
        before = np.asarray(weak, np.float64)
        if before.shape != wiring.pre.shape:
            raise ParameterError("PruneAndRegrow.step, weak", f"must be {wiring.pre.size} times in ms", f"shape {before.shape}")
        if not is_number(elapsed) or not elapsed >= 0:
            raise ParameterError("PruneAndRegrow.step, elapsed", "must be >= 0 ms", brief(elapsed))
        for_ms = np.where(np.abs(wiring.weight) < self.theta, before + elapsed, 0.0)
        gone = (np.abs(wiring.weight) < self.theta) & (for_ms >= self.patience)
        kept = wiring.kept(~gone)
        pre, post = self._vacant(kept, int(gone.sum()), rng)
        signs = np.ones(wiring.n_pre) if wiring.signs is None else np.where(wiring.signs == 0, 1.0, wiring.signs)
        return kept.grown(pre, post, self.w_0 * signs[pre]), np.concatenate([for_ms[~gone], np.zeros(pre.size)])

    def _vacant(self, kept: Wiring, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """``n`` pairs without a synapse, each as likely as the others."""
        taken = kept.pre * kept.n_post + kept.post
        if not kept.autapses:
            taken = np.concatenate([taken, np.arange(kept.n_pre) * (kept.n_post + 1)])
        taken = np.unique(taken)
        room = kept.n_pre * kept.n_post - taken.size
        if n > room:
            raise ParameterError(
                "PruneAndRegrow.step", f"needs {n} pairs without a synapse", f"{room}", "begin with fewer synapses"
            )
        # vacant pair number r lies behind all taken ones that have r or fewer vacant pairs before them
        drawn = rng.choice(room, n, replace=False)
        pairs = drawn + np.searchsorted(taken - np.arange(taken.size), drawn, side="right")
        return pairs // kept.n_post, pairs % kept.n_post
