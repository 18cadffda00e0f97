"""Checks of the settings that learners of spike timing are made with: each raises ParameterError, which names the setting."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from maichong.errors import ParameterError, brief
from maichong.spec.quantities import is_number


def check_range(
    name: str, settings: Any, *, names: Iterable[str], low: float = -math.inf, above: float = -math.inf, below: float = math.inf
) -> None:
    """The settings called ``names`` must be finite numbers >= ``low``, > ``above`` and < ``below``."""
    bounds = [
        text for bound, text in ((low, f">= {low:g}"), (above, f"> {above:g}"), (below, f"< {below:g}")) if math.isfinite(bound)
    ]
    for setting in names:
        value = getattr(settings, setting)
        if not is_number(value) or not math.isfinite(value) or value < low or not above < value < below:
            raise ParameterError(f"{name}.{setting}", f"must be a number {' and '.join(bounds)}", brief(value))


def check_whole(name: str, settings: Any, least: int, names: Iterable[str]) -> None:
    """The settings called ``names`` must be whole numbers >= ``least``."""
    for setting in names:
        value = getattr(settings, setting)
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise ParameterError(f"{name}.{setting}", f"must be a whole number >= {least}", brief(value))


def check_fitted(name: str, learner: Any) -> None:
    """The learner must have learned."""
    if not hasattr(learner, "weights_"):
        raise ParameterError(name, "has learned nothing yet", fix="call fit first")
