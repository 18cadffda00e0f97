"""The derivative of a step: straight-line kernel text, read back and followed from its results to what it began with.

A step is written down once, by the code that writes it for the simulator. What is added here is the chain rule, operation by
operation (reverse accumulation, Griewank & Walther 2008, doi:10.1137/1.9780898717761): each line of the step becomes lines that
hand the gradient of its result on to the names in it. LLVM drops what comes to nothing.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping, Sequence

from maichong.engines.events.lower import OPERATORS, Writer
from maichong.errors import EngineError

SYMBOLS = {**OPERATORS, ast.Pow: "**"}

DERIVATIVES = {
    "exp": "{y}",
    "expm1": "({y} + {one})",
    "log": "({one} / {x})",
    "log1p": "({one} / ({one} + {x}))",
    "sqrt": "({half} / {y})",
    "sin": "np.cos({x})",
    "cos": "(-np.sin({x}))",
    "tan": "({one} + {y} * {y})",
    "tanh": "({one} - {y} * {y})",
    "arctan": "({one} / ({one} + {x} * {x}))",
    "abs": "({one} if {x} > {zero} else (-{one} if {x} < {zero} else {zero}))",
    "floor": "{zero}",
}
"""The derivative of each operation, from its argument ``x`` and its result ``y``."""

WORDS = {
    "exp32": "exp", "expm1_32": "expm1", "np.exp": "exp", "np.expm1": "expm1", "np.log": "log", "np.log1p": "log1p",
    "np.sqrt": "sqrt", "np.sin": "sin", "np.cos": "cos", "np.tan": "tan", "np.tanh": "tanh", "np.arctan": "arctan",
    "np.floor": "floor", "abs": "abs",
}  # fmt: skip


class Step:
    """Lines of a step taken apart: each does one operation on names, and gives its result a name."""

    def __init__(self, lines: Iterable[str], precision: str) -> None:
        self.w = Writer(precision)
        self.lines: list[tuple[str, ast.expr]] = []
        for text in lines:
            (statement,) = ast.parse(text.strip()).body
            if not isinstance(statement, ast.Assign) or not isinstance(statement.targets[0], ast.Name):
                raise EngineError("autograd", "a step must be straight-line code", text)
            self._note(statement.targets[0].id, statement.value)

    def texts(self) -> list[str]:
        """The lines as text."""
        return [f"{name} = {self._text(value)}" for name, value in self.lines]

    def backward(self, seeds: Mapping[str, str], wanted: Sequence[str]) -> tuple[list[str], dict[str, str]]:
        """The lines that hand on the gradients ``seeds``, text by result, and the text of the gradient of each ``wanted`` name."""
        moves = set(wanted)
        for name, value in self.lines:
            if any(isinstance(node, ast.Name) and node.id in moves for node in ast.walk(value)):
                moves.add(name)
        w, found, terms = Writer(self.w.precision), {}, {}

        def add(node: ast.expr, text: str) -> None:
            if not isinstance(node, ast.Name) or node.id not in moves:
                return
            # a new name for each sum: Numba goes through the whole kernel for each name that is given a value twice
            before = found.get(node.id)
            terms[node.id] = terms.get(node.id, 0) + 1
            found[node.id] = f"g_{node.id}__{terms[node.id]}" if before else f"g_{node.id}"
            w.line(f"{found[node.id]} = {before} + {text}" if before else f"{found[node.id]} = {text}")

        for name, text in seeds.items():
            add(ast.Name(name), text)
        for name, value in reversed(self.lines):
            if name in found:
                self._spread(w, name, value, found[name], add)
        return w.lines, {name: found.get(name, self._literal(0.0)) for name in wanted}

    def _note(self, name: str, value: ast.expr) -> None:
        """Note an operation and, before it, those of its operands."""
        for field, operand in ast.iter_fields(value):
            if isinstance(operand, ast.expr) and not (isinstance(value, ast.Call) and field == "func"):
                setattr(value, field, self._named(operand))
            elif isinstance(operand, list) and field in ("args", "comparators"):
                setattr(value, field, [self._named(entry) for entry in operand])
        self.lines.append((name, value))

    def _named(self, value: ast.expr) -> ast.expr:
        if isinstance(value, (ast.Name, ast.Constant)) or _is_literal(value):
            return value
        name = self.w.fresh("op")
        self._note(name, value)
        return ast.Name(name)

    def _literal(self, value: float) -> str:
        return self.w.literal(value)

    def _text(self, node: ast.expr) -> str:
        return ast.unparse(ast.fix_missing_locations(node))

    def _spread(self, w: Writer, name: str, value: ast.expr, g: str, add) -> None:
        """Hand the gradient ``g`` of ``name = value`` on to the names in ``value``."""
        one, zero = self._literal(1.0), self._literal(0.0)
        if isinstance(value, ast.Name):
            add(value, g)
        elif isinstance(value, ast.UnaryOp) and isinstance(value.op, ast.USub):
            add(value.operand, f"(-{g})")
        elif isinstance(value, ast.BinOp):
            left, right = self._text(value.left), self._text(value.right)
            if isinstance(value.op, (ast.Add, ast.Sub)):
                add(value.left, g)
                add(value.right, g if isinstance(value.op, ast.Add) else f"(-{g})")
            elif isinstance(value.op, ast.Mult):
                add(value.left, f"({g} * {right})")
                add(value.right, f"({g} * {left})")
            elif isinstance(value.op, ast.Div):
                add(value.left, f"({g} / {right})")
                add(value.right, f"(-({g} * {name}) / {right})")
            elif isinstance(value.op, ast.Pow):
                self._spread_power(add, name, value.left, value.right, g)
        elif isinstance(value, ast.IfExp):
            test = self._text(value.test)
            add(value.body, f"({g} if {test} else {zero})")
            add(value.orelse, f"({zero} if {test} else {g})")
        elif isinstance(value, ast.Call) and not _is_literal(value):
            called = self._text(value.func)
            if called == "F":
                add(value.args[0], g)
            elif called == "pow32":
                self._spread_power(add, name, value.args[0], value.args[1], g)
            elif called in WORDS:
                x = self._text(value.args[0])
                slope = DERIVATIVES[WORDS[called]].format(x=x, y=name, one=one, zero=zero, half=self._literal(0.5))
                add(value.args[0], f"({g} * {slope})")
            else:
                raise EngineError("autograd", f"has no derivative of {called}()", self._text(value))

    def _spread_power(self, add, name: str, base: ast.expr, exponent: ast.expr, g: str) -> None:
        x, n, zero = self._text(base), self._text(exponent), self._literal(0.0)
        add(base, f"({g} * {n} * {name} / {x} if {x} != {zero} else {zero})")
        add(exponent, f"({g} * {name} * np.log({x}) if {x} > {zero} else {zero})")


def _is_literal(value: ast.expr) -> bool:
    return (
        isinstance(value, ast.Call)
        and isinstance(value.func, ast.Name)
        and value.func.id == "F"
        and all(isinstance(entry, (ast.Constant, ast.UnaryOp)) for entry in value.args)
    )
