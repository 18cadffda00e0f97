"""The words in which a model declares itself: parameters, states, inputs, traces and options.

Each carries its unit and its meaning, once, here; the docs, the unit check, the command line and the errors read them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np

from maichong.errors import ModelError, ParameterError, brief, did_you_mean, is_one_of
from maichong.spec.distributions import Distribution
from maichong.spec.escape import EscapeOption
from maichong.spec.quantities import in_unit
from maichong.spec.steps import Steps

Value = float | np.ndarray | Distribution | Steps | None


@dataclass(frozen=True)
class Param:
    """A number that stays as it is while time runs.

    ``above`` is an exclusive lower bound, ``low`` and ``high`` are inclusive ones. A ``static`` parameter is baked into
    the compiled kernels (an exponent of 0 or 1 then costs nothing); it is one number for all. An ``optional`` parameter may
    be None; one whose default is None is.
    """

    name: str
    default: float | None
    unit: str
    meaning: str
    above: float | None = None
    low: float | None = None
    high: float | None = None
    static: bool = False
    optional: bool = False

    def bounds_text(self) -> str:
        """The bounds in words: ``"> 0 ms"``; empty where there are none."""
        unit = f" {self.unit}" if self.unit else ""
        parts = []
        if self.above is not None:
            parts.append(f"> {self.above:g}{unit}")
        if self.low is not None:
            parts.append(f">= {self.low:g}{unit}")
        if self.high is not None:
            parts.append(f"<= {self.high:g}{unit}")
        return " and ".join(parts)

    def accept(self, value: Any, owner: str) -> Value:
        """``value`` as a float, a float64 array [n], a distribution or steps, inside the bounds; ParameterError otherwise."""
        where = f"{owner}.{self.name}"
        if value is None and (self.optional or self.default is None):
            return None
        if isinstance(value, Steps):
            steps = value.in_unit(self.unit, where)
            self._check(steps.values.reshape(-1), where, finite=True)
            if steps.times[0] > 0:
                self._check(np.zeros(()), f"{where}, before {steps.times[0]:g} ms", finite=True)
            return steps
        if isinstance(value, Distribution):
            if value.of_pairs:
                raise ParameterError(where, "is no value of a synapse, which is what a DistanceKernel gives", brief(value))
            for bound in value.bounds():
                self._check(np.asarray(bound), where, finite=False)
            return value
        number = in_unit(value, self.unit, where)
        array = np.asarray(number)
        if array.ndim > 1 or array.size == 0:
            raise ParameterError(where, "must be one number or one per neuron", f"an array of shape {array.shape}")
        if array.ndim and self.static:
            raise ParameterError(where, "must be one number for all", f"an array of shape {array.shape}")
        self._check(array, where, finite=True)
        return number

    def _check(self, array: np.ndarray, where: str, *, finite: bool) -> None:
        bad = ~np.isfinite(array) if finite else np.isnan(array)
        if bad.any():
            raise ParameterError(where, "must be finite", _first(array, bad))
        outside = np.zeros(array.shape, bool)
        if self.above is not None:
            # a distribution may come as near to an exclusive bound as it likes: its low end is never drawn exactly
            outside |= (array <= self.above) if finite else (array < self.above)
        if self.low is not None:
            outside |= array < self.low
        if self.high is not None:
            outside |= array > self.high
        if outside.any():
            raise ParameterError(where, f"must be {self.bounds_text()}", _first(array, outside))


def _first(array: np.ndarray, bad: np.ndarray) -> str:
    if array.ndim == 0:
        return repr(float(array))
    place = int(np.flatnonzero(bad)[0])
    return f"{float(array[place])!r} at index {place}"


@dataclass(frozen=True)
class State:
    """A quantity that changes in time.

    ``init`` is a number, the name of a parameter, or a function of parameters and earlier states. The one state marked
    ``membrane`` is the voltage: receptors read it as ``v``, unless their input comes in elsewhere, refractoriness holds it, a
    soft reset keeps its excess.
    """

    name: str
    init: float | str | Callable[..., Any]
    unit: str
    meaning: str
    membrane: bool = False


@dataclass(frozen=True)
class Input:
    """A quantity that comes from outside in every step: the sum of what the receptors pass and of the drive.

    ``at`` names the state that is the potential where it comes in, of a dendrite perhaps: the receptors of this input see it.
    Without it they see the membrane.
    """

    name: str
    unit: str
    meaning: str
    at: str | None = None


ALL_TO_ALL = "all_to_all"
NEAREST = "nearest"


@dataclass(frozen=True)
class Trace:
    """A low-pass filtered spike train or signal: decays with the time constant named by ``tau``, jumps when it is driven.

    ``on`` says what drives it: ``"pre"`` spikes (as they arrive at the synapse), ``"post"`` spikes, or a signal of the network by
    its name, which adds its value, in ``unit``. ``pairing`` is ``"all_to_all"`` (each spike adds 1), ``"nearest"`` (each spike sets
    it to 1) or the name of an option of the rule that has these choices.
    """

    name: str
    on: str
    tau: str
    meaning: str
    pairing: str = ALL_TO_ALL
    unit: str = ""


@dataclass(frozen=True)
class Option:
    """A choice among names; the first is the default.

    ``aliases`` are other names, each with the choice that it stands for; ``meanings`` says what choices mean.
    """

    name: str
    choices: tuple[str, ...]
    meaning: str
    aliases: tuple[tuple[str, str], ...] = ()
    meanings: Mapping[str, str] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        if not isinstance(self.choices, tuple) or not self.choices or not all(isinstance(c, str) for c in self.choices):
            raise ModelError(f"option {brief(self.name)}", "its choices must be a tuple of names", brief(self.choices))
        for alias, choice in self.aliases:
            if choice not in self.choices or alias in self.choices:
                expected = f"its alias {brief(alias)} must be another name of one of its choices"
                raise ModelError(f"option {brief(self.name)}", expected, brief(choice))

    def accept(self, value: Any, owner: str) -> str:
        """The choice that ``value`` names; ParameterError otherwise."""
        aliases = dict(self.aliases)
        if is_one_of(value, aliases):
            return aliases[value]
        if not is_one_of(value, self.choices):
            listed = ", ".join(repr(choice) for choice in self.choices)
            hint = did_you_mean(value, (*self.choices, *aliases))
            raise ParameterError(
                f"{owner}.{self.name}",
                f"must be one of {listed}",
                brief(value),
                hint if hint and hint.startswith("did") else None,
            )
        return value


Symbol = Param | State | Input | Trace | Option | EscapeOption
AnySymbol = TypeVar("AnySymbol", Param, State, Input, Trace, Option)


def declared(symbols: Iterable[AnySymbol], kind: type[AnySymbol], where: str) -> tuple[AnySymbol, ...]:
    """``symbols`` as a tuple; ModelError where they are no list of this ``kind``."""
    listed = tuple(symbols) if isinstance(symbols, Iterable) else None
    if listed is None or not all(isinstance(symbol, kind) for symbol in listed):
        raise ModelError(where, f"must be a list of {kind.__name__}(...)", brief(symbols))
    return listed
