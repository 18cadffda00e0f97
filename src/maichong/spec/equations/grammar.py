"""What may stand in an equation: arithmetic, comparisons inside where(), known functions and known names; nothing else.

The text becomes code only through this list, so a network file from elsewhere can hold equations and still make nothing run
but them.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Iterable, Mapping

from maichong.errors import ModelError, brief, did_you_mean
from maichong.spec import reading
from maichong.spec.equations.statements import Equation
from maichong.spec.equations.vocabulary import FUNCTIONS, UNIT_NAME, elsewhere

BRANCH = "use where(condition, a, b), and & or | between conditions"
ARITHMETIC = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Pow)
ORDERED = (ast.Lt, ast.LtE, ast.Gt, ast.GtE)


def checked(entry: Equation, known: Mapping[str, str], owner: str) -> ast.expr:
    """The expression of ``entry`` with whole numbers made floats; ModelError at the letter that may not stand there.

    ``known`` gives every symbol that may be used and what it is.
    """
    return _Reader(entry, known, owner).number(entry.expression)


def difference(entry: Equation, owner: str) -> Equation:
    """A threshold ``a > b`` as the equation ``a - b``, which is >= 0 at a spike."""
    parsed = entry.expression
    if isinstance(parsed, (ast.BoolOp, ast.BinOp)) and any(isinstance(node, ast.Compare) for node in ast.walk(parsed)):
        fix = "take minimum(a, b) of what both must exceed"
        raise ModelError(f"{entry.at(parsed)}, {owner}", "a threshold must be one comparison", ast.unparse(parsed), fix)
    if not isinstance(parsed, ast.Compare) or len(parsed.ops) != 1 or not isinstance(parsed.ops[0], ORDERED):
        expected = "a threshold must be a comparison such as 'v > v_th'"
        raise ModelError(f"{entry.at(parsed)}, {owner}", expected, entry.statement.text)
    left, right = parsed.left, parsed.comparators[0]
    if isinstance(parsed.ops[0], (ast.Lt, ast.LtE)):
        left, right = right, left
    joined = ast.BinOp(left, ast.Sub(), right)
    joined.column = getattr(parsed, "column", 0)  # type: ignore[attr-defined]
    return Equation(entry.statement, entry.name, False, joined, entry.offset, "", 0)


class _Reader:
    """A walk over one expression, which knows where it is."""

    def __init__(self, entry: Equation, known: Mapping[str, str], owner: str) -> None:
        self.entry, self.known, self.owner = entry, known, owner

    def fail(self, node: ast.AST, expected: str, got: str | None = None, fix: str | None = None) -> ModelError:
        where = f"{self.entry.at(node)}, {self.entry.label} of {self.owner}"
        return ModelError(where, expected, ast.unparse(node) if got is None else got, fix)

    def number(self, node: ast.expr | None) -> ast.expr:
        """A node that must be a number."""
        if isinstance(node, ast.Constant):
            return self.constant(node)
        if isinstance(node, ast.Name):
            return self.name(node)
        if isinstance(node, ast.Call):
            return self.call(node)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ARITHMETIC):
            right = node.right if isinstance(node.op, ast.Pow) and _whole(node.right) else self.number(node.right)
            return self.like(node, ast.BinOp(self.number(node.left), node.op, right))
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.UAdd)):
            return self.like(node, ast.UnaryOp(node.op, self.number(node.operand)))
        raise self.refused(node)

    def condition(self, node: ast.expr) -> ast.expr:
        """A node that must hold or not."""
        if isinstance(node, ast.Compare):
            if len(node.ops) != 1:
                raise self.fail(node, "compare two values at a time, and join with &")
            if not isinstance(node.ops[0], ORDERED):
                raise self.fail(node, "numbers that are computed are compared by < <= > >= only")
            return self.like(node, ast.Compare(self.number(node.left), node.ops, [self.number(node.comparators[0])]))
        if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.BitAnd, ast.BitOr)):
            return self.like(node, ast.BinOp(self.condition(node.left), node.op, self.condition(node.right)))
        if isinstance(node, (ast.BoolOp, ast.IfExp)) or (isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not)):
            raise self.refused(node)
        raise self.fail(node, "must be a condition such as v > 0, in parentheses on both sides of & and |")

    def like(self, old: ast.expr, new: ast.expr) -> ast.expr:
        new.column = getattr(old, "column", 0)  # type: ignore[attr-defined]
        return new

    def constant(self, node: ast.Constant) -> ast.expr:
        if type(node.value) not in (int, float):
            raise self.fail(node, "only real numbers may stand in an equation", brief(node.value))
        try:
            value = float(node.value)  # type: ignore[arg-type]
        except OverflowError:
            value = math.inf
        if not math.isfinite(value):
            raise self.fail(node, "its numbers must be finite", brief(node.value))
        return self.like(node, ast.Constant(value))

    def name(self, node: ast.Name) -> ast.expr:
        if node.id in self.known or UNIT_NAME.fullmatch(node.id):
            return self.like(node, ast.Name(node.id, ast.Load()))
        if node.id in FUNCTIONS:
            raise self.fail(node, f"{node.id!r} is a function and stands without its arguments")
        fix = elsewhere(node.id) or did_you_mean(node.id, self.known)
        expected = f"uses {node.id!r}, which is no state, subexpression, parameter or input of this place"
        raise ModelError(f"{self.entry.at(node)}, {self.entry.label} of {self.owner}", expected, fix=fix)

    def call(self, node: ast.Call) -> ast.expr:
        called = node.func
        if not isinstance(called, ast.Name) or called.id not in FUNCTIONS:
            text = ast.unparse(called)
            known = [*FUNCTIONS, *self.known] if called in self.known else FUNCTIONS
            fix = elsewhere(text) or did_you_mean(text, known)
            raise ModelError(
                f"{self.entry.at(node)}, {self.entry.label} of {self.owner}",
                f"calls {text!r}, which is no function here",
                fix=fix,
            )
        function = FUNCTIONS[called.id]
        takes = getattr(function, "nin", None) or len(reading.arguments(function) if called.id != "where" else "abc")
        if node.keywords or len(node.args) != takes:
            raise self.fail(node, f"{called.id}() takes {takes} plain argument{'s' * (takes != 1)}")
        args: Iterable[Callable[[ast.expr], ast.expr]] = [self.number] * takes
        if called.id == "where":
            args = [self.condition, self.number, self.number]
        return self.like(node, ast.Call(called, [read(arg) for read, arg in zip(args, node.args, strict=True)], []))

    def refused(self, node: ast.AST | None) -> ModelError:
        if isinstance(node, (ast.IfExp, ast.BoolOp)) or (isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not)):
            words = "an if" if isinstance(node, ast.IfExp) else "'and', 'or' and 'not'"
            return self.fail(node, f"an equation must be branch-free, {words} cannot be read by every engine", fix=BRANCH)
        if isinstance(node, ast.Compare) or (isinstance(node, ast.BinOp) and isinstance(node.op, (ast.BitAnd, ast.BitOr))):
            return self.fail(node, "a condition is no number", fix="write where(condition, 1, 0)")
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitXor):
            return self.fail(node, "a power is written **")
        if isinstance(node, ast.BinOp):
            return self.fail(node, "only + - * / ** may stand between numbers")
        return self.fail(node or ast.Constant(None), "an equation works on plain symbols and numbers")


def _whole(node: ast.expr) -> bool:
    """Whether a node is a small whole number, which stays one as an exponent: engines multiply."""
    return isinstance(node, ast.Constant) and type(node.value) is int and node.value <= 64


class _Put(ast.NodeTransformer):
    def __init__(self, given: Mapping[str, ast.expr]) -> None:
        self.given = given

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return self.given.get(node.id, node)

    def visit_Call(self, node: ast.Call) -> ast.expr:
        return ast.Call(node.func, [self.visit(arg) for arg in node.args], [])


def put_in(parsed: ast.expr, given: Mapping[str, ast.expr]) -> ast.expr:
    """``parsed`` with expressions in the place of names; what is put in is not looked through again."""
    # read anew, so that trees share no node, and none has a column of another equation
    put = _Put(given).visit(ast.parse(ast.unparse(parsed), mode="eval").body)
    return ast.parse(ast.unparse(put), mode="eval").body


def names_in(parsed: ast.expr) -> list[str]:
    """The symbols that an expression uses, in order of their first use."""
    if isinstance(parsed, ast.Name):
        return [parsed.id]
    children = parsed.args if isinstance(parsed, ast.Call) else ast.iter_child_nodes(parsed)
    return list(dict.fromkeys(name for child in children if isinstance(child, ast.expr) for name in names_in(child)))
