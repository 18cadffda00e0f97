"""Writing a model's functions down again as kernel text.

The functions are straight-line code, so they are inlined textually: a kernel is one loop that a person can read and LLVM can
vectorise. In single precision every literal is written as a float32, for one float64 literal would drag the whole expression
along and halve the speed.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Sequence

from maichong.engines.system import Call
from maichong.errors import EngineError
from maichong.spec.model import Function
from maichong.spec.reading import StraightLine, straight_line

OPERATORS: dict[type[ast.AST], str] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.BitAnd: "&", ast.BitOr: "|",
    ast.Gt: ">", ast.GtE: ">=", ast.Lt: "<", ast.LtE: "<=", ast.Eq: "==", ast.NotEq: "!=",
    ast.USub: "-", ast.UAdd: "+", ast.Invert: "~",
}  # fmt: skip

DOUBLE = {
    "exp": "np.exp", "expm1": "np.expm1", "log": "np.log", "log1p": "np.log1p", "sqrt": "np.sqrt", "sin": "np.sin",
    "cos": "np.cos", "tan": "np.tan", "tanh": "np.tanh", "arctan": "np.arctan", "floor": "np.floor", "absolute": "abs",
}  # fmt: skip
SINGLE = {**DOUBLE, "exp": "exp32", "expm1": "expm1_32"}
"""What each operation is called in a kernel; exp32 and expm1_32 are ours, because they vectorise."""
VECTORS = {"log": "log64", "log1p": "log1p64"}
"""What vectorises in float64: as good as the library's, but not the same to the last bit."""


LITERAL = re.compile(r"F\([^()]*\)")
WORD = re.compile(r"[^\W\d]\w*")


class Writer:
    """Lines of a kernel, at one precision ("float32" or "float64"), with fresh names on demand; ``vectors`` takes VECTORS.

    ``names`` is how many names have been made; a writer that goes on from those of another makes none of them again.
    """

    def __init__(self, precision: str, indent: int = 0, *, vectors: bool = False, names: int = 0) -> None:
        self.precision = precision
        self.table = SINGLE if precision == "float32" else {**DOUBLE, **(VECTORS if vectors else {})}
        self.lines: list[str] = []
        self.indent = indent
        self.origins: list[str] = []
        self.names = names

    def line(self, text: str = "") -> None:
        """Add a line at the present indent."""
        self.lines.append("    " * self.indent + text if text else "")

    def fresh(self, base: str) -> str:
        """A name that nothing else has."""
        self.names += 1
        return f"{base}_{self.names}"

    def literal(self, value: float) -> str:
        """A number as text, in the kernel's precision."""
        return f"F({float(value)!r})"

    def keep(self, text: str, base: str = "t") -> str:
        """The name of a variable that holds ``text``."""
        if text.isidentifier() or LITERAL.fullmatch(text):
            return text
        name = self.fresh(base)
        self.line(f"{name} = {text}")
        return name

    def prune(self, begin: int, wanted: Iterable[str]) -> None:
        """Drop the assignments from line ``begin`` on that none of the ``wanted`` names needs: they would only be compiled."""
        needed, kept = set(wanted), []
        for line in reversed(self.lines[begin:]):
            name, _, text = line.strip().partition(" = ")
            if not name.isidentifier() or name in needed:
                needed.update(WORD.findall(text or line))
                kept.append(line)
        self.lines[begin:] = reversed(kept)

    def call(self, call: Call, env: dict[str, str]) -> None:
        """Write a call down; ``env`` maps symbols to the text that holds them and receives the results."""
        results = self.inline(call.function, [env[name] for name in call.args])
        for symbol, text in zip(call.results, results, strict=True):
            env[symbol] = self.keep(text, symbol)

    def inline(self, function: Function, args: Sequence[str]) -> list[str]:
        """Write ``function`` down with the given argument texts; the texts of its results."""
        line = straight_line(function)
        origin = f"{line.name}: {line.file.split('/')[-1]}:{line.line}"
        if origin not in self.origins:
            self.origins.append(origin)
        names = dict(zip(line.args, args, strict=True))
        for targets, expression in line.assignments:
            values = (
                [self._text(element, names, line) for element in expression.elts]
                if isinstance(expression, ast.Tuple)
                else self._values(expression, names, line)
            )
            for target, value in zip(targets, values, strict=True):
                names[target] = self.keep(value, f"{line.name}_{target}")
        return [self._text(result, names, line) for result in line.results]

    def _values(self, node: ast.expr, names: dict[str, str], line: StraightLine) -> list[str]:
        if isinstance(node, ast.Call):
            called = line.resolve(node.func)
            if callable(called):
                return self.inline(called, [self.keep(self._text(arg, names, line)) for arg in node.args])
        return [self._text(node, names, line)]

    def _text(self, node: ast.expr, names: dict[str, str], line: StraightLine) -> str:
        if isinstance(node, ast.Constant):
            return self.literal(float(node.value))  # type: ignore[arg-type]
        if isinstance(node, ast.Name):
            if node.id in names:
                return names[node.id]
            value = line.constant(node.id)
            assert value is not None
            return self.literal(value)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow):
            return self._power(self._text(node.left, names, line), self._text(node.right, names, line))
        if isinstance(node, ast.BinOp):
            left, right = self._text(node.left, names, line), self._text(node.right, names, line)
            return f"({left} {OPERATORS[type(node.op)]} {right})"
        if isinstance(node, ast.UnaryOp):
            return f"({OPERATORS[type(node.op)]}{self._text(node.operand, names, line)})"
        if isinstance(node, ast.Compare):
            left, right = self._text(node.left, names, line), self._text(node.comparators[0], names, line)
            return f"({left} {OPERATORS[type(node.ops[0])]} {right})"
        if isinstance(node, ast.Call):
            called = line.resolve(node.func)
            if callable(called):
                return self._values(node, names, line)[0]
            return self.operation(called, [self._text(arg, names, line) for arg in node.args])
        raise EngineError(f"{line.file}:{line.line}", "cannot be written as a kernel", ast.unparse(node))

    def operation(self, name: str, args: list[str]) -> str:
        """The text of an operation of maichong.ops."""
        if name == "power":
            return self._power(*args)
        if name in self.table:
            return f"{self.table[name]}({', '.join(args)})"
        kept = [self.keep(arg) for arg in args]
        if name == "where":
            return f"({kept[1]} if {kept[0]} else {kept[2]})"  # of names only: LLVM makes it a select, not a branch
        if name == "minimum":
            return f"({kept[0]} if {kept[0]} < {kept[1]} else {kept[1]})"
        if name == "maximum":
            return f"({kept[0]} if {kept[0]} > {kept[1]} else {kept[1]})"
        if name == "sign":
            one, zero = self.literal(1.0), self.literal(0.0)
            return f"({one} if {kept[0]} > {zero} else (-{one} if {kept[0]} < {zero} else {zero}))"
        raise EngineError("kernel", f"the operation {name!r} has no kernel text")

    def _power(self, base: str, exponent: str) -> str:
        # exponents that are written as literals, or baked in as static parameters, cost what they should
        if exponent == self.literal(0.0):
            return self.literal(1.0)
        if exponent == self.literal(1.0):
            return base
        if exponent in (self.literal(2.0), self.literal(3.0), self.literal(4.0)):
            kept = self.keep(base)
            return "(" + " * ".join([kept] * int(float(exponent[2:-1]))) + ")"
        if self.precision == "float32":
            return f"pow32({base}, {exponent})"
        return f"({base} ** {exponent})"
