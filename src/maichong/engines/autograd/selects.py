"""Choices without branches: ``a if c else b`` as one instruction, where both sides may be worked out.

LLVM makes the same of both. Numba, which sees three more blocks and a name with two values, goes through the whole kernel for each.
"""

from __future__ import annotations

import ast

CASTS = ("F", "np.int32")
"""What may be called in a side that is worked out in vain."""


class _Choices(ast.NodeTransformer):
    def visit_IfExp(self, node: ast.IfExp) -> ast.expr:
        self.generic_visit(node)
        if not (_cheap(node.body) and _cheap(node.orelse)):
            return node
        return ast.Call(ast.Name("select", ast.Load()), [node.test, node.body, node.orelse], [])


def selected(line: str) -> str:
    """A line of a kernel with its choices as ``select(c, a, b)``."""
    text = line.lstrip()
    if " if " not in text or " else " not in text:
        return line
    try:
        (statement,) = ast.parse(text).body
    except SyntaxError:  # the head of a block
        return line
    if not isinstance(statement, ast.Assign):
        return line
    made = ast.fix_missing_locations(_Choices().visit(statement))
    return line[: len(line) - len(text)] + ast.unparse(made)


def _cheap(side: ast.expr) -> bool:
    """Whether a side may be worked out in vain: it reads no memory, calls nothing and cannot trap."""
    for node in ast.walk(side):
        if isinstance(node, ast.Subscript) or (isinstance(node, ast.BinOp) and isinstance(node.op, (ast.FloorDiv, ast.Mod))):
            return False
        if isinstance(node, ast.Call) and ast.unparse(node.func) not in (*CASTS, "select"):
            return False
    return True
