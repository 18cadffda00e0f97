"""The units of a whole model: which unit each symbol carries, which one each function's results must have, and whether they do."""

from __future__ import annotations

import ast
import linecache
import re
import types

from maichong.errors import UnitError
from maichong.spec import units as unit_reading
from maichong.spec.model import Function, Model
from maichong.spec.quantities import unit_registry
from maichong.spec.reading import arguments
from maichong.spec.receptor_model import ReceptorModel
from maichong.spec.rule_model import RuleModel

CONVERSIONS = {1000.0: "ms Hz", 0.001: "1/(ms Hz)"}
"""Rates are in Hz where a user gives them, time is in ms: these two numbers, written beside a rate, are its conversion."""

WEIGHTS = ("mV", "pA", "nS")
"""What a synapse's weight may be: a jump of the membrane, a current, a conductance."""


def functions_of(model: Model) -> dict[str, Function]:
    """All functions of a model by role; the initial values that are functions as ``"init of v"``."""
    starts = {f"init of {state.name}": state.init for state in model.states if callable(state.init)}
    return {**model.functions(), **starts}


def check_units(model: Model, value: str = "") -> None:
    """Check a model for every unit that its weights may have; ``value`` as in :func:`check_model`.

    A receptor that names no unit is driven by currents and by conductances, so both must fit. A rule is written for weights of any
    kind, as pure numbers or in the unit "weight", or for one kind alone.
    """
    if isinstance(model, ReceptorModel):
        for weight in ("mV",) if model.jumps_membrane else ("pA", "nS") if model.weight is None else (model.weight,):
            check_model(model, weight, value)
        return
    try:
        check_model(model, "", value)
    except UnitError as error:
        if not isinstance(model, RuleModel) or not any(_fits(model, weight) for weight in WEIGHTS):
            raise error from None


def _fits(model: Model, weight: str) -> bool:
    try:
        check_model(model, weight)
    except UnitError:
        return False
    return True


def check_model(model: Model, weight: str = "", value: str = "") -> None:
    """Check that each function gives what its place asks for, when its symbols carry their declared units.

    ``weight`` is the unit of a synapse's weight, ``value`` that of the parameter which an intrinsic rule modulates. Raises
    UnitError, with the file and line of the function that is wrong.
    """
    known = symbol_units(model, weight, value)
    for role, function in functions_of(model).items():
        _check_function(function, known, expected_units(model, role, known, weight), model.name)
    for state in model.states:
        if isinstance(state.init, str):
            where = f"{_declaration(model, 'State', state.name)}{model.name}.{state.name}"
            same(known[state.init], known[state.name], where, f"its start {state.init!r}")
    for trace in getattr(model, "traces", ()):
        same(model.param(trace.tau).unit, "ms", f"{model.name}.{trace.name}", f"its time constant {trace.tau!r}")
    for read in getattr(model, "reads", ()):
        if read.delay is not None:
            same(model.param(read.delay).unit, "ms", f"{model.name}.{read.name}", f"its delay {read.delay!r}")


def symbol_units(model: Model, weight: str = "", value: str = "") -> dict[str, str]:
    """The unit of every symbol that a function of ``model`` may ask for."""
    known = {
        "u": "",
        "s_pre": "",
        "s_post": "",
        "v": "mV",
        "w": weight,
        "w_sum": weight,
        "w_squares": f"({weight}) ** 2" if weight else "",
        "w_sum_pre": weight,
        "signal": "",
        "lag": "ms",
        "bound": "",
        "dt": "ms",
        "value": value,
    }
    known |= {entry.name: entry.unit for entry in (*getattr(model, "traces", ()), *getattr(model, "reads", ()))}
    for symbol in (*model.params, *model.states, *getattr(model, "inputs", ()), *getattr(model, "source", ())):
        known[symbol.name] = re.sub(r"\bweight\b", weight or "dimensionless", symbol.unit or "")
    return known


def expected_units(model: Model, role: str, known: dict[str, str], weight: str) -> tuple[str | None, ...]:
    """The units that the results of a model's function must have; None: any that fit together."""
    states = tuple(known[state.name] for state in model.states)
    role = role.partition(" (")[0]  # a variant's functions have its name after their role
    if role.startswith("init of "):
        return (known[role.removeprefix("init of ")],)
    if isinstance(model, RuleModel):
        return (weight, *states)
    if role == "flow":
        return tuple(f"({unit or 'dimensionless'})/ms" for unit in states)
    if role in ("reset", "recover", "on_spike"):
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


def same(unit: str, wanted: str, where: str, what: str) -> None:
    """UnitError where ``what`` is not measured in the unit ``wanted``, without a factor."""
    registry = unit_registry()
    one = registry.Quantity(1.0, unit)
    if not one.is_compatible_with(wanted) or abs(one.to(wanted or "dimensionless").magnitude - 1.0) > 1e-9:
        raise UnitError(where, f"{what} must be in {wanted or 'units of 1'}", unit or "a pure number")


def _declaration(model: Model, word: str, name: str) -> str:
    """``"file:line, "`` of what declares a symbol, ``State("w", ...)``, in the file of the model's functions, if it is there."""
    code = next(iter(model.functions().values())).__code__
    try:
        tree = ast.parse("".join(linecache.getlines(code.co_filename)))
    except SyntaxError:  # no file of Python's: a cell with magics
        return ""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == word and node.args:
            first = node.args[0]
            if isinstance(first, ast.Constant) and first.value == name:
                return f"{code.co_filename}:{node.lineno}, "
    return ""


def _check_function(function: Function, known: dict[str, str], expected: tuple[str | None, ...], owner: str) -> None:
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
