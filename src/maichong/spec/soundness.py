"""What is wrong with a model's equations that can be told before anything is compiled, at the user's own file and line.

Names and branches are read by :mod:`maichong.spec.reading` as the functions are handed over, and so are a neuron's values at the
defaults, which cost microseconds. Units need pint and a threshold's bounds need SymPy, which take longer to load than a small
network to run: they are looked at when a model is first used, once.
"""

from __future__ import annotations

import ast
import functools
import linecache
from collections.abc import Callable, Iterator, Mapping
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Any

import numpy as np

from maichong.errors import MaichongError, ModelError
from maichong.spec.model import Model
from maichong.spec.reading import arguments, place

if TYPE_CHECKING:
    from maichong.spec.neuron_model import NeuronModel

OURS = "maichong."
"""The models that come with maichong are put through these checks, and more, by its tests, and not by each of its users."""


def check_values(neuron: NeuronModel) -> None:
    """ModelError where a function is not finite at the defaults, where the states start or where a spike takes them.

    What hangs on a parameter without a default is left open.
    """
    env: dict[str, Any] = {param.name: param.default for param in neuron.params}
    env |= {entry.name: 0.0 for entry in neuron.inputs}
    env["t_ref"] = None  # which every neuron has, at 0 where its maker gives no other
    for state in neuron.states:
        init = state.init
        if callable(init):
            found = _values(init, env, f"{neuron.name}.{state.name}", "at its defaults")
            env[state.name] = found[0] if found else None
        else:
            env[state.name] = env[init] if isinstance(init, str) else init
    for role in ("flow", "fires"):
        _values(getattr(neuron, role), env, f"{neuron.name}.{role}", "at its defaults")
    if neuron.reset is None:
        return
    landed = _values(neuron.reset, env, f"{neuron.name}.reset", "at its defaults")
    if landed:
        env |= dict(zip((state.name for state in neuron.states), landed, strict=True))
        for role in ("flow", "fires", *(("recover",) if neuron.recover else ())):
            _values(getattr(neuron, role), env, f"{neuron.name}.{role}", "after a reset at its defaults")


def check_threshold(neuron: NeuronModel) -> None:
    """ModelError where the threshold provably is never crossed at the defaults."""
    from maichong.spec.bounds import never_fires  # which loads SymPy

    given = {param.name: param.default for param in neuron.params if param.default is not None}
    if why := never_fires(neuron.fires, tuple(state.name for state in neuron.states), given):
        raise ModelError(f"{place(neuron.fires)}, {neuron.name}.fires", f"can never fire: it {why}")


@functools.cache
def fault(model: Model, value: str = "") -> MaichongError | None:
    """What is wrong with a model's units or a neuron's threshold; None where nothing is, or where it has been looked at before.

    ``value`` is the unit of what an intrinsic rule modulates.
    """
    looks = hasattr(model, "fires") and not _known(model)
    return _fault_of_units(model, value) or (_raised(check_threshold, model) if looks else None)


def is_fault(error: BaseException, model: Model) -> bool:
    """Whether it was for this that the model was refused."""
    return any(error is found for found in _found.get(model, ()))


_found: dict[Model, list[MaichongError]] = {}


def refuse_mixed_units(model: Model, value: str = "") -> None:
    """UnitError where the equations of a user's model mix units; ``value`` is the unit of what an intrinsic rule modulates."""
    if error := _fault_of_units(model, value):
        raise error


@functools.cache
def _fault_of_units(model: Model, value: str) -> MaichongError | None:
    return None if _known(model) else _raised(functools.partial(_check_units, value=value), model)


def refuse_unsound(neuron: NeuronModel, *, by_chance: bool) -> None:
    """Raise what :func:`fault` finds; where a neuron fires ``by_chance``, it need not reach its threshold."""
    if error := _fault_of_units(neuron, "") if by_chance else fault(neuron):
        raise error


def _known(model: Model) -> bool:
    written = getattr(model, "text", None) is not None
    return written or all(function.__module__.startswith(OURS) for function in model.functions().values())


def _raised(check: Callable[[Any], None], model: Model) -> MaichongError | None:
    try:
        check(model)
    except MaichongError as error:
        _found.setdefault(model, []).append(error.with_traceback(None))
        return error
    return None


def _check_units(model: Model, value: str) -> None:
    from maichong.spec import model_units  # which loads pint

    params = (param for param in model.params if param.name != "t_ref")
    symbols = (*params, *model.states, *getattr(model, "inputs", ()), *getattr(model, "source", ()))
    if not any(symbol.unit for symbol in symbols):
        return  # a model in pure numbers, with the time in ms: nothing can be mixed
    try:
        with np.errstate(all="ignore"):
            model_units.check_units(model, value)
    except (ArithmeticError, ValueError) as error:
        if isinstance(error, MaichongError):
            raise
        # no number where the units are tried: whether it is one at the defaults has been seen


def _values(function: Callable[..., Any], env: Mapping[str, Any], where: str, when: str) -> tuple[Any, ...] | None:
    """The results of ``function``; None where they hang on what has no default."""
    asked = arguments(function)
    if any(env[name] is None for name in asked):
        return None
    values = [np.float64(env[name]) for name in asked]  # as NumPy divides by zero
    try:
        with np.errstate(all="ignore"):
            found = function(*values)
    except ZeroDivisionError:  # between two literals Python does it
        found = np.nan
    found = found if isinstance(found, tuple) else (found,)
    if np.isfinite(found).all():
        return found
    shown = ", ".join(f"{value:g}" for value in found)
    given = ", ".join(f"{name} = {env[name]:g}" for name in asked[:6])
    line, expected, got = place(function), f"must be finite {when}", f"{shown} at {given}" if given else shown
    try:
        with np.errstate(all="raise", under="ignore"):
            function(*values)
    except ArithmeticError as error:
        for frame, number, node in _operations(error.__traceback__, function):
            line = f"{function.__code__.co_filename}:{number}"
            if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
                divisor = eval(compile(ast.Expression(node.right), line, "eval"), frame.f_globals, frame.f_locals)
                if divisor == 0:
                    expected, got = f"divides by zero {when}", f"{ast.unparse(node.right)} = 0"
    raise ModelError(f"{line}, {where}", expected, got)


def _operations(raised: TracebackType | None, function: Callable[..., Any]) -> Iterator[tuple[FrameType, int, ast.expr | None]]:
    """What was being worked out in the file of ``function`` as an error was raised, from the outside in: frame, line, operation."""
    while raised:
        frame, line = raised.tb_frame, raised.tb_lineno
        if frame.f_code.co_filename == function.__code__.co_filename:
            yield frame, line, _expression(frame, list(frame.f_code.co_positions())[raised.tb_lasti // 2])
        raised = raised.tb_next


def _expression(frame: FrameType, span: tuple[int | None, ...]) -> ast.expr | None:
    """The expression at ``span``, which is (first line, last line, first column, last column); None where it cannot be read."""
    first, last, left, right = span
    if first is None or last is None:
        return None
    lines = [line.encode() for line in linecache.getlines(frame.f_code.co_filename, frame.f_globals)[first - 1 : last]]
    if not lines:
        return None
    lines[-1] = lines[-1][:right]
    lines[0] = lines[0][left:]
    try:
        return ast.parse("(" + b"".join(lines).decode() + ")", mode="eval").body
    except (SyntaxError, UnicodeDecodeError):  # the file was changed since
        return None
