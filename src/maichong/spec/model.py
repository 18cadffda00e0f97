"""What a model is: its declarations and its functions; and a model with values, ready to stand in a network.

The five kinds stand in files of their own (neuron, receptor, rule, intrinsic rule, source); this file holds what they share.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from maichong.errors import ModelError, ParameterError, brief, did_you_mean, is_one_of
from maichong.spec.declare import Option, Param, State, Symbol, Value
from maichong.spec.distributions import Distribution, from_dict
from maichong.spec.escape import Escape, EscapeOption
from maichong.spec.steps import Steps, steps_from_dict

Function = Callable[..., Any]

COMPOSED = re.compile(r"(drive|p|s\d+)_.*|.*_[ph]\d+")
"""Names that the engines give: to inputs, to a propagator's coefficients, to the symbols of ports and of intrinsic rules."""
RESULTS = ("d", "reset", "hard", "recovered")
"""What the engines put before a state's name to call its slope and where a spike takes it."""


@dataclass(frozen=True, eq=False)
class Model:
    """A declaration: call it with values to get what a network uses, ``LIF(tau_m=20)``.

    Abstract: the kinds (neuron, receptor, ...) are the final classes.
    """

    kind: ClassVar[str] = ""
    reserved: ClassVar[tuple[str, ...]] = ("model",)
    """Names that have a meaning of their own, in files or in the functions of this kind."""
    taken: ClassVar[tuple[str, ...]] = ()
    """Names that the engines use beside the symbols of this kind."""
    composed: ClassVar[re.Pattern[str] | None] = COMPOSED
    """The form of further such names; None: they cannot meet symbols of this kind."""
    scheduled: ClassVar[bool] = False
    """Whether its parameters may be Steps in time."""

    name: str
    doc: str
    params: tuple[Param, ...]
    states: tuple[State, ...] = ()
    options: tuple[Option | EscapeOption, ...] = ()

    def __post_init__(self) -> None:
        if not (isinstance(self.name, str) and self.name.isidentifier()):
            raise ModelError("model", "its name must be a Python identifier", brief(self.name))
        seen = set(self.reserved)
        taken = {*self.taken, *(f"{word}_{state.name}" for word in RESULTS for state in self.states)}
        for symbol in self.symbols():
            if not (isinstance(symbol.name, str) and symbol.name.isidentifier()):
                raise ModelError(self.name, "a symbol's name must be a Python identifier", brief(symbol.name))
            if symbol.name in seen:
                fix = "it has a meaning of its own" if symbol.name in self.reserved else None
                raise ModelError(self.name, "each symbol may be declared once", brief(symbol.name), fix)
            if symbol.name in taken or (self.composed and self.composed.fullmatch(symbol.name)):
                where = f"{self.name}.{symbol.name}"
                raise ModelError(where, "the engines use this name for something of their own", fix="choose another name")
            seen.add(symbol.name)
        for param in self.params:
            param.accept(param.default, self.name)

    @property
    def identifier(self) -> str:
        """The name in the registry and in files: ``"LIF"``."""
        return self.name

    def symbols(self) -> tuple[Symbol, ...]:
        """All that is declared by name."""
        return (*self.params, *self.states, *self.options)

    def functions(self) -> Mapping[str, Function]:
        """The model's functions by role."""
        raise NotImplementedError

    def param(self, name: str) -> Param:
        """The parameter called ``name``."""
        return next(param for param in self.params if param.name == name)

    def __call__(self, **values: Any) -> Configured:
        """The model with values for its parameters and options; the others keep their defaults.

        Raises ParameterError for an unknown name or a value outside its bounds, UnitError for a wrong unit.
        """
        params = {param.name: param for param in self.params}
        options = {option.name: option for option in self.options}
        for name in values:
            if name not in params and name not in options:
                raise ParameterError(self.name, f"has no parameter {brief(name)}", fix=did_you_mean(name, [*params, *options]))
            if isinstance(values[name], Steps) and not self.scheduled:
                fix = "drives, parameters of sources and rates of backgrounds may be Steps"
                raise ParameterError(f"{self.name}.{name}", "stays as it is while time runs", brief(values[name]), fix)
        accepted = {name: param.accept(values.get(name, param.default), self.name) for name, param in params.items()}
        chosen = {name: option.accept(values.get(name, option.choices[0]), self.name) for name, option in options.items()}
        made = Configured(self, accepted, chosen)
        self.check(made)
        return made

    def check(self, configured: Configured) -> None:
        """Raise ParameterError where values do not fit together."""

    def __repr__(self) -> str:
        return f"<{self.kind} model {self.name}>"


@dataclass(frozen=True, eq=False)
class Configured:
    """A model with values: inert, comparable, serialisable."""

    model: Model
    values: Mapping[str, Value]
    options: Mapping[str, Any] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Any:
        known = {**self.values, **self.options}
        if not is_one_of(name, known):
            raise ParameterError(self.model.name, f"has no parameter {brief(name)}", fix=did_you_mean(name, known))
        return known[name]

    def replace(self, **values: Any) -> Configured:
        """A copy with some values changed."""
        return self.model(**{**self.values, **self.options, **values})

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready data; arrays stay arrays, for the network's writer to put beside the JSON."""
        values: dict[str, Any] = {}
        for name, value in self.values.items():
            if not same_value(value, self.model.param(name).default):
                values[name] = value.to_dict() if isinstance(value, (Distribution, Steps)) else value
        defaults = {option.name: option.choices[0] for option in self.model.options}
        chosen = {
            name: value.to_dict() if isinstance(value, Escape) else value
            for name, value in self.options.items()
            if value != defaults[name]
        }
        return {"model": self.model.identifier, **values, **chosen}

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Configured) or self.model is not other.model or self.options != other.options:
            return False
        return all(same_value(self.values[name], other.values[name]) for name in self.values)

    def __hash__(self) -> int:
        return hash((self.model.name, *sorted(self.options.items())))

    def __repr__(self) -> str:
        changed = (name for name in self.to_dict() if name != "model")
        shown = (f"{name}={_shown(self[name])}" for name in changed)
        return f"{self.model.name}({', '.join(shown)})"


def configure(model: Model, data: Mapping[str, Any]) -> Configured:
    """What ``Configured.to_dict`` wrote, for ``model``."""
    return model(**{name: from_data(value) for name, value in data.items() if name != "model"})


def from_data(value: Any) -> Any:
    """A value as it stands in a file; distributions, steps and escape noise are mappings there."""
    if isinstance(value, Mapping) and "distribution" in value:
        return from_dict(dict(value))
    if isinstance(value, Mapping) and "hazard" in value:
        return Escape(**value)
    return steps_from_dict(value) if isinstance(value, Mapping) and "steps" in value else value


def same_value(a: Any, b: Any) -> bool:
    """Whether two parameter values are the same, arrays elementwise."""
    if isinstance(a, np.ndarray) or isinstance(b, np.ndarray):
        return isinstance(a, np.ndarray) and isinstance(b, np.ndarray) and np.array_equal(a, b)
    return a == b


def _shown(value: Any) -> str:
    return f"<array of {value.size}>" if isinstance(value, np.ndarray) else repr(value)


def names(declared: Iterable[Any]) -> tuple[str, ...]:
    """The names of declared symbols, in order."""
    return tuple(symbol.name for symbol in declared)
