"""Checks of what a model declares: its words, its units, its straight-line code."""

from __future__ import annotations

import re
import types
from collections.abc import Iterator

from maichong.checks.outcome import Failed
from maichong.checks.values import functions_of, host
from maichong.errors import UnitError
from maichong.spec import IntrinsicModel, Model, ReceptorModel
from maichong.spec import units as unit_reading
from maichong.spec.model import Function
from maichong.spec.quantities import unit_registry
from maichong.spec.reading import arguments, straight_line

EQUATION = re.compile(r"\S.*\s(=|<-|:=|~)\s\S|d\w+ ?/ ?dt")
SOURCE = re.compile(
    r"""\b10\.\d{4,9}/\S+                      # a DOI
    | arxiv:\s?(\d{4}\.\d{4,5}|[a-z.-]+/\d{7})  # arXiv
    | \bISBN\b
    | \b(1[89]|20)\d\d,\s["“«*_]\w              # a book: its year, then its title
    """,
    re.VERBOSE | re.IGNORECASE,
)
CONVERSIONS = {1000.0: "ms Hz", 0.001: "1/(ms Hz)"}
"""Rates are in Hz where a user gives them, time is in ms: these two numbers, written beside a rate, are its conversion."""


def documented(model: Model) -> None:
    """The doc holds an equation and names a source; every symbol has a unit and a meaning."""
    problems = list(_undocumented(model))
    if problems:
        more = f", and {len(problems) - 1} more" if len(problems) > 1 else ""
        raise Failed(f"{model.name}{problems[0]}{more}")


def _undocumented(model: Model) -> Iterator[str]:
    if not model.doc.strip():
        yield ": has no doc, which should hold its equations and its source (doc=__doc__)"
    else:
        if not any(EQUATION.search(line) for line in model.doc.splitlines()):
            yield ": its doc holds no equation, such as 'tau_m dv/dt = v_rest - v'"
        if not SOURCE.search(model.doc):
            yield ': its doc names no source (a DOI, an arXiv number, or a book as: Author 1997, "Title")'
    for symbol in (*model.params, *model.states, *getattr(model, "inputs", ())):
        if not isinstance(symbol.unit, str):
            yield f".{symbol.name}: has no unit ('' where it is a pure number)"
    for symbol in (*model.params, *model.states, *model.options, *_further(model)):
        if not isinstance(symbol.meaning, str) or not symbol.meaning.strip():
            yield f".{symbol.name}: has no meaning"


def _further(model: Model) -> tuple:
    return (*getattr(model, "inputs", ()), *getattr(model, "traces", ()), *getattr(model, "source", ()))


def units(model: Model) -> None:
    """Every function gives what its place asks for, when its symbols carry their declared units."""
    weights = ("",)
    if isinstance(model, ReceptorModel):
        weights = ("mV",) if model.jumps_membrane else ("pA", "nS") if model.weight is None else (model.weight,)
    for weight in weights:
        known = symbol_units(model, weight)
        for role, function in functions_of(model).items():
            _check_units(function, known, expected_units(model, role, known, weight), model.name)
        for state in model.states:
            if isinstance(state.init, str):
                _same(known[state.init], known[state.name], f"{model.name}.{state.name}: its start {state.init!r}")
    for trace in getattr(model, "traces", ()):
        _same(model.param(trace.tau).unit, "ms", f"{model.name}.{trace.name}: its time constant {trace.tau!r}")


def symbol_units(model: Model, weight: str = "") -> dict[str, str]:
    """The unit of every symbol that a function of ``model`` may ask for; ``weight`` stands for the weight's own unit."""
    known = {"u": "", "v": "mV", "w": weight, "w_sum": weight, "signal": "", "lag": "ms", "bound": "", "dt": "ms"}
    if isinstance(model, IntrinsicModel):
        known["value"] = host(model).param(model.target).unit
    known |= {trace.name: "" for trace in getattr(model, "traces", ())}
    for symbol in (*model.params, *model.states, *getattr(model, "inputs", ()), *getattr(model, "source", ())):
        known[symbol.name] = re.sub(r"\bweight\b", weight or "dimensionless", symbol.unit)
    return known


def expected_units(model: Model, role: str, known: dict[str, str], weight: str) -> tuple[str | None, ...]:
    """The units that the results of a model's function must have; None: any that fit together."""
    role = role.partition(" (")[0]  # a variant's functions have its name after their role
    states = tuple(known[state.name] for state in model.states)
    if role.startswith("init of "):
        return (known[role.removeprefix("init of ")],)
    if role == "flow":
        return tuple(f"({unit or 'dimensionless'})/ms" for unit in states)
    if role in ("reset", "on_spike"):
        return states
    if role in ("arrive", "leave"):
        return states or (weight,)
    if role in ("elapse", "spike"):
        return tuple(known[state.name] for state in getattr(model, "source", model.states))
    if role == "output":
        return (weight if not isinstance(model, ReceptorModel) or model.weight is None else "nS",)
    if role in ("release", "copy", "chance"):
        return ("",)
    if role == "interval":
        return ("ms",)
    if role == "modulate":
        return (known["value"],)
    if role == "fires":
        # a membrane is compared with whatever suits it: flow and reset fix the unit of the state itself
        return (None,)
    return (weight,)


def _check_units(function: Function, known: dict[str, str], expected: tuple[str | None, ...], owner: str) -> None:
    try:
        unit_reading.check(function, known, expected, owner)
    except UnitError as error:
        if not any(re.search(r"\bHz\b", known[name]) for name in arguments(function)):
            raise
        try:
            unit_reading.check(_with_conversions(function), known, expected, owner, plain=function)
        except UnitError:
            raise error from None


def _with_conversions(function: Function) -> Function:
    """``function`` with its literals 1000 and 0.001 standing for the conversions between Hz and 1/ms."""
    quantity = unit_registry().Quantity
    code = function.__code__
    literals = tuple(
        quantity(value, CONVERSIONS[abs(value)]) if isinstance(value, (int, float)) and abs(value) in CONVERSIONS else value
        for value in code.co_consts
    )
    return types.FunctionType(
        code.replace(co_consts=literals), function.__globals__, function.__name__, None, function.__closure__
    )


def _same(unit: str, wanted: str, what: str) -> None:
    registry = unit_registry()
    one = registry.Quantity(1.0, unit)
    if not one.is_compatible_with(wanted) or abs(one.to(wanted or "dimensionless").magnitude - 1.0) > 1e-9:
        raise Failed(f"{what} must be in {wanted or 'units of 1'} (got {unit or 'a pure number'})")


def branch_free(model: Model) -> None:
    """Every function is straight-line code, which every engine can read."""
    for function in model.functions().values():
        straight_line(function)
