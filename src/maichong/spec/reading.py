"""Reading a model's functions: as straight-line code, as SymPy expressions, with units.

A model's functions are plain Python whose argument names are the symbols. They are straight-line code: assignments and one
return, arithmetic, comparisons, the names of :mod:`maichong.ops` and calls of functions of the same kind. That is what lets
every engine read them again with its own operations. The cheap readings of this file run when a model is defined, so that a
mistake is reported at the user's own line, before anything compiles.
"""

from __future__ import annotations

import ast
import functools
import inspect
import textwrap
import traceback
import types
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from maichong import ops
from maichong.errors import ModelError, brief, did_you_mean

OP_NAMES: dict[int, str] = {id(getattr(ops, name)): name for name in ops.NAMES}

_ARITHMETIC = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Pow, ast.BitAnd, ast.BitOr, ast.USub, ast.UAdd, ast.Invert)
_FORBIDDEN = {
    ast.If: "an if statement",
    ast.IfExp: "a conditional expression",
    ast.For: "a loop",
    ast.While: "a loop",
    ast.BoolOp: "'and'/'or'",
    ast.Not: "'not'",
    ast.Try: "try",
    ast.With: "with",
    ast.Assert: "assert",
    ast.Lambda: "a lambda",
}


@dataclass(frozen=True)
class StraightLine:
    """A function as a list of assignments and its results: all that an engine needs to write it down again.

    ``assignments`` are pairs (target names, expression), ``results`` the returned expressions; their nodes have the lines of
    the file. ``resolve`` gives what a called name stands for: an operation (its name) or another function.
    """

    name: str
    args: tuple[str, ...]
    assignments: tuple[tuple[tuple[str, ...], ast.expr], ...]
    results: tuple[ast.expr, ...]
    function: Callable[..., Any]
    file: str
    line: int

    def resolve(self, node: ast.expr) -> str | Callable[..., Any]:
        """The operation's name, or the Python function, that a call's ``func`` node means."""
        return _resolve(self.function, node)

    def constant(self, name: str) -> float | None:
        """The number that a global name stands for; None where it is no number."""
        value = _namespace(self.function).get(name)
        if isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool):
            return float(value)
        return None


def arguments(function: Callable[..., Any]) -> tuple[str, ...]:
    """The argument names of ``function``: the symbols that it asks for."""
    return tuple(inspect.signature(function).parameters)


def place(function: Callable[..., Any]) -> str:
    """Where ``function`` stands, as ``file:line``."""
    code = getattr(function, "__code__", None)
    return f"{code.co_filename}:{code.co_firstlineno}" if code else repr(function)


def line_of(error: BaseException, function: Callable[..., Any]) -> str:
    """``file:line`` of what raised ``error`` in the file of ``function``, which was called."""
    code = getattr(function, "__code__", None)
    lines = [
        line for frame, line in traceback.walk_tb(error.__traceback__) if code and frame.f_code.co_filename == code.co_filename
    ]
    return f"{code.co_filename}:{lines[-1]}" if code and lines else place(function)


def line_of_result(function: Callable[..., Any], k: int) -> str:
    """``file:line`` of the result ``k`` of ``function``; of the function where its text cannot be read."""
    try:
        line = straight_line(function)
    except ModelError:
        return place(function)
    return f"{line.file}:{line.results[k].lineno}"


@functools.cache
def straight_line(function: Callable[..., Any]) -> StraightLine:
    """``function`` as straight-line code; ModelError, with the user's file and line, where it is not."""
    return _read(function, ())


def _read(function: Callable[..., Any], callers: tuple[Callable[..., Any], ...]) -> StraightLine:
    if not isinstance(function, types.FunctionType):
        raise ModelError(brief(function), "must be a plain Python function")
    tree = _tree(function)
    file = function.__code__.co_filename

    def at(node: ast.AST) -> str:
        return f"{file}:{getattr(node, 'lineno', tree.lineno)} in {function.__name__}()"

    spec = tree.args
    if spec.vararg or spec.kwarg or spec.defaults or spec.kwonlyargs:
        raise ModelError(at(tree), "arguments must be plain names, each a symbol of the model", ast.unparse(spec))
    for node in ast.walk(tree):
        for kind, words in _FORBIDDEN.items():
            # an operator has no line: that of its operation is meant
            if isinstance(node.op if isinstance(node, ast.UnaryOp) else node, kind):
                raise ModelError(
                    at(node),
                    f"a model's function must be branch-free, {words} cannot be read by every engine",
                    fix="use where(condition, a, b) of maichong.ops, and & or | between conditions",
                )
    body = [node for node in tree.body if not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))]
    assignments: list[tuple[tuple[str, ...], ast.expr]] = []
    if not body or not isinstance(body[-1], ast.Return) or body[-1].value is None:
        raise ModelError(at(tree), "must end by returning its value")
    for node in body[:-1]:
        if not isinstance(node, ast.Assign) or len(node.targets) != 1:
            raise ModelError(at(node), "only assignments and one return may stand here", ast.unparse(node).split("\n")[0])
        target = node.targets[0]
        names = target.elts if isinstance(target, ast.Tuple) else [target]
        if not all(isinstance(name, ast.Name) for name in names):
            raise ModelError(at(node), "may assign to plain names only", ast.unparse(node))
        assignments.append((tuple(name.id for name in names if isinstance(name, ast.Name)), node.value))
    returned = body[-1].value
    results = tuple(returned.elts) if isinstance(returned, ast.Tuple) else (returned,)
    line = StraightLine(function.__name__, arguments(function), tuple(assignments), results, function, file, tree.lineno)
    _check_names(line, at, (*callers, function))
    return line


def _tree(function: types.FunctionType) -> ast.FunctionDef:
    """The definition of ``function``; its nodes have the lines of the file."""
    try:
        lines, start = inspect.getsourcelines(function)
    except (OSError, TypeError):
        raise ModelError(
            place(function), "the source text of a model's function must be readable", fix="write the model in a file"
        ) from None
    tree = ast.parse(textwrap.dedent("".join(lines))).body[0]
    if not isinstance(tree, ast.FunctionDef):
        raise ModelError(place(function), "must be written with def", ast.unparse(tree).split("\n")[0])
    ast.increment_lineno(tree, start - 1)
    return tree


def _namespace(function: Callable[..., Any]) -> Mapping[str, Any]:
    closure = inspect.getclosurevars(function)
    return {**function.__globals__, **closure.nonlocals}


def _resolve(function: Callable[..., Any], node: ast.expr) -> str | Callable[..., Any]:
    value: Any = None
    if isinstance(node, ast.Name):
        value = _namespace(function).get(node.id)
    elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        value = getattr(_namespace(function).get(node.value.id), node.attr, None)
    if id(value) in OP_NAMES:
        return OP_NAMES[id(value)]
    if isinstance(value, types.FunctionType):
        return value
    text = ast.unparse(node)
    raise ModelError(
        f"{place(function)} in {function.__name__}()",
        f"calls {text!r}, which is none of maichong.ops",
        fix=did_you_mean(text.split(".")[-1], ops.NAMES),
    )


def _check_call(
    line: StraightLine, node: ast.Call, at: Callable[[ast.AST], str], own: set[str], callers: tuple[Callable[..., Any], ...]
) -> None:
    if isinstance(node.func, ast.Name) and node.func.id in own:
        raise ModelError(at(node), f"calls {node.func.id!r}, which is a number here", ast.unparse(node))
    called = line.resolve(node.func)
    if node.keywords:
        raise ModelError(at(node), "calls take plain arguments only", ast.unparse(node))
    if isinstance(called, str):
        takes = getattr(getattr(ops, called), "nin", 3)  # where() alone is no ufunc
    elif called in callers:
        raise ModelError(at(node), "a function may not call itself", ast.unparse(node))
    else:
        takes = len(_read(called, callers).args)
    if len(node.args) != takes:
        raise ModelError(at(node), f"{ast.unparse(node.func)}() takes {takes} argument{'s' * (takes != 1)}", ast.unparse(node))


def _check_names(line: StraightLine, at: Callable[[ast.AST], str], callers: tuple[Callable[..., Any], ...]) -> None:
    known = set(line.args)
    # a name that is assigned anywhere means that in all of the function, as Python has it
    own = known.union(*(names for names, _ in line.assignments))
    for names, expression in (*line.assignments, *(((), result) for result in line.results)):
        for node in ast.walk(expression):
            if isinstance(node, ast.Call):
                _check_call(line, node, at, own, callers)
            elif isinstance(node, ast.Constant):
                if isinstance(node.value, (bool, str, bytes, complex)) or node.value is None:
                    raise ModelError(at(node), "only real numbers may stand in an equation", brief(node.value))
            elif isinstance(node, (ast.BinOp, ast.UnaryOp)):
                if not isinstance(node.op, _ARITHMETIC):
                    raise ModelError(at(node), "only + - * / ** & | may stand in an equation", ast.unparse(node))
            elif isinstance(node, ast.Compare) and len(node.ops) != 1:
                raise ModelError(at(node), "compare two values at a time, and join with &", ast.unparse(node))
            elif isinstance(node, ast.Compare) and not isinstance(node.ops[0], (ast.Lt, ast.LtE, ast.Gt, ast.GtE)):
                raise ModelError(at(node), "numbers that are computed are compared by < <= > >= only", ast.unparse(node))
            elif isinstance(node, ast.Tuple) and node is expression and len(node.elts) == len(names):
                continue
            elif isinstance(node, ast.expr) and not isinstance(node, (ast.Name, ast.Attribute, ast.Compare)):
                raise ModelError(at(node), "an equation works on plain symbols", ast.unparse(node))
        called = [n.func for n in ast.walk(expression) if isinstance(n, ast.Call)]
        words = {id(n) for function in called for n in ast.walk(function)}
        for node in ast.walk(expression):
            if id(node) in words:
                continue
            if isinstance(node, ast.Attribute):
                raise ModelError(at(node), "an equation works on plain symbols", ast.unparse(node), "give it a name of its own")
            if not isinstance(node, ast.Name):
                continue
            if node.id not in known and (node.id in own or line.constant(node.id) is None):
                raise ModelError(
                    at(node),
                    f"uses {node.id!r}, which is neither an argument nor a number defined before",
                    fix=did_you_mean(node.id, known),
                )
        known.update(names)


def check_function(
    function: Callable[..., Any], owner: str, known: Iterable[str], *, results: int | None = None
) -> StraightLine:
    """Check that ``function`` is straight-line, asks only for names in ``known`` and returns ``results`` values."""
    line = straight_line(function)
    names = list(known)
    for asked in line.args:
        if asked not in names:
            raise ModelError(
                f"{line.file}:{line.line}",
                f"{line.name}() asks for {asked!r}, which {owner} does not declare",
                fix=did_you_mean(asked, names),
            )
    if results is not None and len(line.results) != results:
        raise ModelError(
            f"{line.file}:{line.line}",
            f"{line.name}() of {owner} must return {results} value{'s' if results != 1 else ''}, one per state in "
            "declared order",
            len(line.results),
        )
    return line


def rebind(function: Callable[..., Any], table: Mapping[str, Any]) -> Callable[..., Any]:
    """``function`` with the names of maichong.ops standing for those of ``table``; functions it calls likewise."""
    replaced: dict[str, Any] = {}
    for name, value in _namespace(function).items():
        if id(value) in OP_NAMES:
            replaced[name] = table[OP_NAMES[id(value)]]
        elif value is ops or value is np:
            replaced[name] = types.SimpleNamespace(**table)
        elif (
            isinstance(value, types.FunctionType)
            and value is not function
            and name in function.__code__.co_names + function.__code__.co_freevars
        ):
            replaced[name] = rebind(value, table)
    bound = {**_namespace(function), **replaced}
    if function.__code__.co_freevars:
        # closure cells are read-only from here: give the copy cells of its own
        cells = tuple(types.CellType(bound[name]) for name in function.__code__.co_freevars)
        return types.FunctionType(function.__code__, bound, function.__name__, None, cells)
    return types.FunctionType(function.__code__, bound, function.__name__)
