"""TD(lambda): values of states learned from the difference between two predictions that follow each other.

    delta = r + gamma V(s') - V(s);      Z <- gamma lam Z, then Z(s) marks the visited state;      V <- V + alpha delta Z

Z is the eligibility trace. ``trace="accumulating"`` adds 1 to Z(s), ``"replacing"`` sets it to 1. lam = 0 is TD(0), lam = 1 with
``online=False`` is every-visit Monte Carlo, or first-visit with replacing traces.

``"survey_reward_trace"`` is the trace as it is given in our copy of Zhang & Xu 2021, Table 2: Z <- gamma Z, and Z(s) grows by 1
only where a reward comes, not where a state is visited. lam is missing there. Only states that were rewarded themselves then learn,
so it is no learner of values; it is here to be compared.

Source: Sutton 1988, doi:10.1007/BF00115009; replacing traces: Singh & Sutton 1996, doi:10.1007/BF00114726; Zhang & Xu 2021,
"Research Advances and Perspectives on Spiking Neural Networks", Table 2.

Not for states without number: see ActorCritic, where place cells share what they learn.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from maichong.errors import ParameterError, brief, did_you_mean, is_one_of
from maichong.spec.quantities import in_unit, is_number, whole_numbers

ACCUMULATING, REPLACING, SURVEY = "accumulating", "replacing", "survey_reward_trace"
TRACES = (ACCUMULATING, REPLACING, SURVEY)


@dataclass(frozen=True)
class Prediction:
    """What is known of each state: ``values`` and ``trace``, float64 [states], and ``delta``, the last prediction error."""

    values: np.ndarray
    trace: np.ndarray
    delta: float = 0.0


@dataclass(frozen=True)
class TDLambda:
    """Constants of TD(lambda): learning rate ``alpha``, discount ``gamma``, trace decay ``lam`` and kind of ``trace``.

    Raises ParameterError for an alpha that is not > 0, gamma or lam outside 0..1, and an unknown trace.

    The walk C, D, E and then a reward of 1, all values 0.5 at first:

    >>> from maichong.plasticity.macro.td_lambda import TDLambda
    >>> TDLambda(alpha=0.1, gamma=1.0, lam=0.9).episode([0.5] * 5, [2, 3, 4], [0, 0, 1]).round(4)
    array([0.5   , 0.5   , 0.5405, 0.545 , 0.55  ])
    """

    alpha: float = 0.1
    gamma: float = 0.95
    lam: float = 0.8
    trace: str = ACCUMULATING

    def __post_init__(self) -> None:
        for name in ("alpha", "gamma", "lam"):
            value = getattr(self, name)
            if not is_number(value) or not np.isfinite(value) or value < 0 or (name == "alpha" and value == 0):
                raise ParameterError(
                    f"TDLambda.{name}", "must be a number > 0" if name == "alpha" else "must lie in 0..1", brief(value)
                )
            if name != "alpha" and value > 1:
                raise ParameterError(f"TDLambda.{name}", "must lie in 0..1", brief(value))
        if not is_one_of(self.trace, TRACES):
            raise ParameterError(
                "TDLambda.trace", f"must be one of {', '.join(TRACES)}", brief(self.trace), did_you_mean(self.trace, TRACES)
            )

    def begin(self, values: Any) -> Prediction:
        """The start of an episode: ``values`` [states] and no trace. ParameterError for what is no list of finite numbers."""
        array = np.array(in_unit(values, "", "TDLambda, values"), np.float64)
        if array.ndim != 1 or not array.size or not np.isfinite(array).all():
            raise ParameterError("TDLambda, values", "must be finite numbers, one for each state", brief(values))
        return Prediction(array, np.zeros(array.size))

    def step(self, known: Prediction, state: int, reward: float, after: int | None) -> Prediction:
        """What is known after ``state`` was left for ``after`` (None: the episode ended) with ``reward``."""
        following = 0.0 if after is None else known.values[_state(after, known, "after")]
        left = _state(state, known, "state")
        if not is_number(reward) or not np.isfinite(reward):
            raise ParameterError("TDLambda, reward", "must be one finite number", brief(reward))
        delta = float(reward + self.gamma * following - known.values[left])
        trace = self.marked(known.trace, left, float(reward))
        return Prediction(known.values + self.alpha * delta * trace, trace, delta)

    def marked(self, trace: np.ndarray, state: int, reward: float) -> np.ndarray:
        """The trace one step later, with ``state`` marked."""
        decayed = self.gamma * (1.0 if self.trace == SURVEY else self.lam) * trace
        if self.trace == REPLACING:
            decayed[state] = 1.0
        elif self.trace == ACCUMULATING or reward != 0.0:
            decayed[state] += 1.0
        return decayed

    def episode(self, values: Any, states: Sequence[int], rewards: Sequence[float], online: bool = True) -> np.ndarray:
        """The values after an episode through ``states``, where ``rewards[k]`` came on leaving ``states[k]``.

        With ``online=False`` all prediction errors are those of the values at the start, and values change at the end.
        """
        visited = whole_numbers(states)
        if visited is None or not visited.size or len(rewards) != visited.size:
            raise ParameterError("TDLambda.episode", "needs states and as many rewards, one at least", brief(states))
        known = first = self.begin(values)
        total = np.zeros_like(known.values)
        for k, state in enumerate(visited.tolist()):
            after = int(visited[k + 1]) if k + 1 < visited.size else None
            new = self.step(known, state, rewards[k], after)
            total += new.values - known.values
            known = new if online else Prediction(first.values, new.trace, new.delta)
        return first.values + total


def _state(number: Any, known: Prediction, what: str) -> int:
    whole = isinstance(number, (int, np.integer)) and not isinstance(number, bool)
    if not whole or not 0 <= number < known.values.size:
        raise ParameterError(f"TDLambda, {what}", f"must be the number of a state, 0..{known.values.size - 1}", brief(number))
    return int(number)
