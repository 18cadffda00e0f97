"""What can be known of a model's text before anything is compiled: its units, its values at the defaults, its threshold."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from maichong.errors import ModelError, UnitError
from maichong.spec import units as unit_reading
from maichong.spec.bounds import Interval, bounds
from maichong.spec.equations import grammar
from maichong.spec.equations.functions import at_line
from maichong.spec.equations.grammar import names_in
from maichong.spec.equations.statements import Equation
from maichong.spec.reading import arguments


def evaluated(entry: Equation, parsed: ast.expr) -> Callable[..., Any]:
    """The expression of an equation as a function that stands at the equation's line."""
    return at_line("f", parsed, entry.statement.source.file, entry.statement.line)


def check_units(entry: Equation, parsed: ast.expr, units: Mapping[str, str], expected: str | None, owner: str) -> None:
    """Check that an expression has the ``expected`` unit (None: any); UnitError at the equation's line."""
    try:
        unit_reading.check(evaluated(entry, parsed), units, (expected,), owner)
    except UnitError as error:
        raise UnitError(f"{entry.at()}, {entry.label} of {owner}", error.expected, error.got, error.fix) from None
    except (ArithmeticError, ValueError):
        return  # no number at the units' trial values: whether it is one at the defaults is checked by itself


def value(entry: Equation, parsed: ast.expr, env: Mapping[str, float], when: str, owner: str) -> float:
    """The value of an expression; ModelError where it is not finite, at the division by zero that made it so."""
    found = _number(evaluated(entry, parsed), env)
    if np.isfinite(found):
        return found
    for node in ast.walk(parsed):
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div) and _number(evaluated(entry, node.right), env) == 0:
            divisor = ast.unparse(node.right)
            fix = _culprit(node.right, env)
            raise ModelError(f"{entry.at(node)}, {entry.label} of {owner}", f"divides by zero {when}", f"{divisor} = 0", fix)
    given = ", ".join(f"{name} = {env[name]:g}" for name in names_in(parsed)[:6])
    raise ModelError(f"{entry.at()}, {entry.label} of {owner}", f"must be finite {when}", f"{found:g} at {given}")


def _culprit(divisor: ast.expr, env: Mapping[str, float]) -> str:
    if isinstance(divisor, ast.Name):
        return f"give {divisor.id} another value"
    return f"with {', '.join(f'{name} = {env[name]:g}' for name in names_in(divisor))}" if names_in(divisor) else "leave it out"


def _number(function: Callable[..., Any], env: Mapping[str, float]) -> float:
    try:
        with np.errstate(all="ignore"):  # as NumPy divides by zero
            return float(function(*(np.float64(env[name]) for name in arguments(function))))
    except (ZeroDivisionError, OverflowError):  # between two literals Python does it
        return float("nan")


def check_values(
    states: Mapping[str, Equation], flows: Mapping[str, ast.expr], entries: Mapping[str, Equation], inner: Mapping[str, ast.expr],
    threshold: tuple[Equation, ast.expr], jumps: list[tuple[Equation, ast.expr]], landed: Mapping[str, ast.expr] | None,
    env: dict[str, Any], owner: str,
) -> None:  # fmt: skip
    """All must be finite at the defaults, where the states start and where a spike takes them."""

    def everything(when: str) -> None:
        for name, parsed in inner.items():
            env[name] = value(entries[name], parsed, env, when, owner)
        for name, parsed in flows.items():
            value(states[name], parsed, env, when, owner)
        value(*threshold, env, when, owner)

    everything("at its defaults")
    if landed is None:
        return
    for entry, parsed in jumps:
        env[entry.name] = value(entry, parsed, env, "at its defaults", owner)
    everything("after a reset at its defaults")


def frozen_states(
    states: Mapping[str, Equation], flows: Mapping[str, ast.expr], full: Mapping[str, ast.expr],
    landed: Mapping[str, ast.expr] | None, membrane: str, fixed: Mapping[str, float], env: Mapping[str, Any],
) -> dict[str, float]:  # fmt: skip
    """States that neither the flow nor a spike nor a synapse moves, with their values."""
    frozen = {}
    for name, entry in states.items():
        target = landed[name] if landed is not None else ast.Name(name, ast.Load())
        stays = isinstance(target, ast.Name) and target.id == name
        still = bounds(evaluated(entry, grammar.put_in(flows[name], full)), fixed)[0] == Interval(0.0, 0.0)
        if stays and still and name != membrane:
            frozen[name] = float(env[name])
    return frozen
