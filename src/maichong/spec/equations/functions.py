"""Equations as Python functions: those of the model, whose text can be read again, and small ones that stand at the user's line."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from maichong.spec.equations.grammar import names_in
from maichong.spec.equations.vocabulary import FUNCTIONS
from maichong.spec.written import executed, written

NAMESPACE = {"__name__": "<equations>", **FUNCTIONS}
"""What equations may use: only what the grammar lets through is executed."""


def function(
    name: str, results: Sequence[ast.expr], subexpressions: Mapping[str, ast.expr], model: str, origin: str
) -> Callable[..., Any]:
    """A function of the symbols that ``results`` use, with the ``subexpressions`` as assignments before the return."""
    needed = _needed(results, subexpressions)
    assignments = [(key, subexpressions[key]) for key in subexpressions if key in needed]
    expressions = (*(parsed for _, parsed in assignments), *results)
    args = [key for key in dict.fromkeys(key for parsed in expressions for key in names_in(parsed)) if key not in needed]
    returned = ", ".join(ast.unparse(parsed) for parsed in results)
    body = [f"    {key} = {ast.unparse(parsed)}" for key, parsed in assignments]
    lines = [f"# {' '.join(origin.split())}", f"def {name}({', '.join(args)}):", *body, f"    return {returned}"]
    return written(name, "\n".join(lines) + "\n", model, NAMESPACE)


def at_line(name: str, parsed: ast.expr, file: str, line: int) -> Callable[..., Any]:
    """A function with one result that stands, for messages, at the user's own line; its text cannot be read."""
    lines = f"def {name}({', '.join(names_in(parsed))}):\n return {ast.unparse(parsed)}"
    tree = ast.parse(lines)
    for node in ast.walk(tree):
        if hasattr(node, "lineno"):
            node.lineno = node.end_lineno = line  # type: ignore[attr-defined]
    return executed(compile(tree, file, "exec"), name, NAMESPACE)


def _needed(results: Iterable[ast.expr], subexpressions: Mapping[str, ast.expr]) -> set[str]:
    needed: set[str] = set()
    open_ = list(results)
    while open_:
        for name in names_in(open_.pop()):
            if name in subexpressions and name not in needed:
                needed.add(name)
                open_.append(subexpressions[name])
    return needed
