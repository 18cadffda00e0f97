"""States that are coupled like a tree, stepped implicitly and solved in O(N): the compartments of a cell.

Their flow is f = A x + b, where A has an entry beside its diagonal only for two that are neighbours in the tree. Over a step of h

    (1 - theta h A) (x' - x) = h f(x)

is backward Euler for theta = 1, of order one, and the rule of Crank and Nicolson for theta = 1/2, of order two; both stand any
step, however stiff the coupling, which exponential Euler, each state by itself, does not follow. Rows are eliminated from the
leaves to the root, and values put in from the root to the leaves: a tree fills nothing in, so that the cost grows like N. Where f
bends with a state itself, A has its slope at the step's beginning (Rosenbrock's form), which keeps the order.

Source: Hines 1984, doi:10.1016/0020-7101(84)90008-4; Crank & Nicolson 1947, doi:10.1017/S0305004100023197; Rosenbrock 1963,
doi:10.1093/comjnl/5.4.329.

Not for ions that neighbours exchange beside their potentials, for which the blocks of a tree would have to be solved.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from maichong.engines.system import System
from maichong.spec.symbolic import symbol

IMPLICIT = {"backward_euler": 1.0, "crank_nicolson": 0.5}
"""The part theta of a step's slope that is taken at its end."""

ORDERS = {"backward_euler": 1, "crank_nicolson": 2}

FUNCTIONS = ("exp", "log", "sin", "cos", "tan", "tanh")
"""What a slope may be made of, beside sums, products and powers, to be written in a kernel."""


@dataclass(frozen=True)
class Tree:
    """States coupled like a tree, the root first and every other one after its parent, ``parents`` by index (-1: none).

    ``slopes`` are the SymPy expressions d f / d state; ``down`` those of what each state but the root gets from its parent,
    d f_child / d parent, and ``up`` of what it gives to it, d f_parent / d child.
    """

    states: tuple[str, ...]
    parents: tuple[int, ...]
    slopes: tuple[Any, ...]
    down: tuple[Any, ...]
    up: tuple[Any, ...]

    @property
    def expressions(self) -> tuple[Any, ...]:
        """Slopes, down and up in one list: 3 N - 2 of them."""
        return (*self.slopes, *self.down, *self.up)


Jacobian = Mapping[str, Mapping[str, Any]]


def tree_of(system: System, jacobian: Jacobian) -> Tree | str:
    """The states that hang together with the membrane, both ways and by constants; or why they are no tree, in words."""
    varying = {symbol(name) for name in (*system.states, *system.held)}

    def linked(s: str, t: str) -> bool:
        ends = jacobian[s][t], jacobian[t][s]
        return s != t and all(end != 0 and not end.free_symbols & varying for end in ends)

    parent: dict[str, str | None] = {system.membrane: None}
    order = [system.membrane]
    for state in order:  # grows as it goes
        for other in system.own:
            if other == parent[state] or not linked(state, other):
                continue
            if other in parent:
                return f"{state} and {other} close a ring"
            parent[other] = state
            order.append(other)
    if len(order) == 1:
        return f"no state is coupled with {system.membrane} so"
    for state in order:
        for other in order:
            if jacobian[state][other] != 0 and state != other and other != parent[state] and state != parent[other]:
                return f"{state} follows {other}, which does not follow it alike"
    children = order[1:]
    tree = Tree(
        states=tuple(order),
        parents=tuple(-1 if (above := parent[state]) is None else order.index(above) for state in order),
        slopes=tuple(jacobian[state][state] for state in order),
        down=tuple(jacobian[child][str(parent[child])] for child in children),
        up=tuple(jacobian[str(parent[child])][child] for child in children),
    )
    unwritten = [expression for expression in tree.expressions if not _writable(expression)]
    return f"no kernel can hold the slope {unwritten[0]}" if unwritten else tree


def _writable(expression: Any) -> bool:
    if expression.is_Pow and not expression.exp.is_Number:
        return False
    if expression.is_Function and expression.func.__name__ not in FUNCTIONS:
        return False
    known = expression.is_Symbol or expression.is_Number or expression.is_Add or expression.is_Mul or expression.is_Pow
    return bool(known or expression.is_Function) and all(map(_writable, expression.args))


def reader(tree: Tree, table: Mapping[str, Callable[..., Any]]) -> Callable[[Mapping[str, Any]], Sequence[Any]]:
    """What works the tree's expressions out for symbols with values, by the operations of ``table``."""
    import sympy as sp

    free = sorted({str(name) for expression in tree.expressions for name in expression.free_symbols})
    function = sp.lambdify([symbol(name) for name in free], tree.expressions, [dict(table)], cse=True)
    return lambda env: function(*(env[name] for name in free))


def change(tree: Tree, values: Sequence[Any], flow: Sequence[Any], h: float, theta: float) -> list[Any]:
    """How far each state of the tree goes in a step of ``h``; ``values`` are those of its expressions, arrays of any kind."""
    n = len(tree.states)
    diagonal = [1.0 - theta * h * slope for slope in values[:n]]
    down, up = [0.0, *values[n : 2 * n - 1]], [0.0, *values[2 * n - 1 :]]
    right = [h * slope for slope in flow]
    for k in range(n - 1, 0, -1):
        share = -theta * h * up[k] / diagonal[k]
        above = tree.parents[k]
        diagonal[above] = diagonal[above] + share * (theta * h * down[k])
        right[above] = right[above] - share * right[k]
    found = [right[0] / diagonal[0]]
    for k in range(1, n):
        found.append((right[k] + theta * h * down[k] * found[tree.parents[k]]) / diagonal[k])
    return found
