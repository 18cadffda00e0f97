"""How a population's time is stepped: what is linear is propagated exactly, the rest by a named scheme.

``choose`` reads the system with SymPy. The largest set of states that is linear and depends on no other state is advanced by
its exact propagator, computed numerically (``expm``) when the network is built, since closed forms break where time constants
meet. States linear in themselves alone take exponential Euler, or Strang's splitting of membrane and gates where there are gates;
compartments, which are coupled like a tree, take Crank and Nicolson's implicit step in the membrane's place; anything else RK4. An
integrator named by the user wins.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from maichong.engines.hines import IMPLICIT, Tree, tree_of
from maichong.engines.system import System, evaluate
from maichong.errors import EngineError, did_you_mean
from maichong.spec import NeuronModel
from maichong.spec.neuron_model import Scheme
from maichong.spec.reading import rebind
from maichong.spec.symbolic import symbol, table

Coefficient = float | np.ndarray
ONE = "1"
"""The name under which a propagator holds its constant part."""


@dataclass(frozen=True)
class RungeKutta:
    """A method as data: its Butcher tableau. One stepper serves all."""

    order: int
    nodes: tuple[float, ...]
    matrix: tuple[tuple[float, ...], ...]
    weights: tuple[float, ...]


TABLEAUS = {
    "euler": RungeKutta(1, (0.0,), ((),), (1.0,)),
    "rk2": RungeKutta(2, (0.0, 0.5), ((), (0.5,)), (0.0, 1.0)),
    "rk4": RungeKutta(4, (0.0, 0.5, 0.5, 1.0), ((), (0.5,), (0.0, 0.5), (0.0, 0.0, 1.0)), (1 / 6, 1 / 3, 1 / 3, 1 / 6)),
}

EXPONENTIAL = ("exponential_euler", "strang")
"""Methods that solve x' = a x + b over a step with a and b held: all states at once, which is of order one (for gates: Rush &
Larsen 1978, doi:10.1109/TBME.1978.326270), or half a step of the membrane, a step of its gates, half a step of the membrane, of
order two (Strang 1968, doi:10.1137/0705041). The methods of ``IMPLICIT`` solve the membrane and the compartments that hang on it
together, see :mod:`maichong.engines.hines`, and the gates likewise: after them, which is of order one, or between two halves of
them, of order two."""

LARGE = 3
"""From how many compartments on "auto" takes the implicit step though their own flow is no line: they are stiff."""
SMALL = 8
"""Up to how many compartments of a linear flow "auto" is exact: the propagator of N has N times N coefficients, and drives'."""

Propagator = Mapping[str, Mapping[str, Coefficient]]
"""new[state] = sum over names of coefficient x old[name]; names are states, what is held, and ``ONE``."""


Group = tuple[tuple[str, ...], float]
"""States that are stepped together, and by what part of dt."""


@dataclass(frozen=True)
class Integration:
    """The method of a population's own states, and the exact propagator of those that are linear.

    ``method`` is "exact", one of EXPONENTIAL, IMPLICIT or TABLEAUS, "ode" or the name of a splitting ``scheme``; ``exact`` maps
    each exactly advanced state to its coefficients, and ``stages`` does the same for the nodes of a Runge-Kutta method.
    ``groups`` is the order of exponential and implicit steps: states together by a fraction of dt, seeing what earlier groups have
    become, and the last what exact states become. ``slopes`` are the SymPy expressions d f / d state of those stepped by their
    exponential, and ``apart`` parts each group of them into such as do not feel each other. The group of ``implicit`` is solved.
    """

    method: str
    exact: Propagator
    stages: Mapping[float, Propagator] = field(default_factory=dict)
    slopes: Mapping[str, Any] = field(default_factory=dict)
    groups: tuple[Group, ...] = ()
    apart: Mapping[tuple[str, ...], tuple[tuple[str, ...], ...]] = field(default_factory=dict)
    implicit: Tree | None = None
    scheme: Scheme = ()

    @property
    def theta(self) -> float:
        """The part of an implicit step's slope that is taken at its end."""
        return IMPLICIT[self.method]

    def describe(self, system: System) -> str:
        """One line: which states are exact, and how the others go."""
        others = [name for name in system.states if name not in self.exact]
        parts = [f"{', '.join(self.exact)} exact"] if self.exact else []
        if others:
            parts.append(f"{', '.join(others)} by {self.method}")
        return "; ".join(parts)


def choose(system: System, dt: float, where: str) -> Integration:
    """The integration of ``system`` at steps of ``dt`` ms; EngineError where the asked integrator does not apply."""
    model = system.neuron.model
    assert isinstance(model, NeuronModel)
    asked = system.neuron.options["integrator"]
    flows = flows_of(system)
    jacobian = {s: {t: _slope(flows[s], t) for t in system.states} for s in system.states}
    linear = _linear(system, flows, jacobian)
    others = [name for name in system.states if name not in linear]
    found = tree_of(system, jacobian) if asked in ("auto", *IMPLICIT) else ""
    tree = found if isinstance(found, Tree) else None
    # a slope that depends on its own state, be it in the condition of a where, is not that of a linear flow
    curved = [s for s in others if symbol(s) in jacobian[s][s].free_symbols]
    method = asked
    if asked == "auto":
        method = _automatic(system, others, curved, tree)
    elif asked == "exact" and others:
        raise EngineError(
            where, f"the integrator 'exact' needs a linear flow, and {', '.join(others)} is not linear here",
            fix="use 'exponential_euler' or 'auto'",
        )  # fmt: skip
    elif asked in IMPLICIT and not tree:
        expected = f"{asked!r} needs states that constants couple like a tree, the membrane among them, and {found}"
        raise EngineError(where, expected, fix="use 'exponential_euler' or 'auto'")
    elif asked in IMPLICIT and tree and (gates := [s for s in curved if s not in tree.states]):
        expected = f"{asked!r} needs each state beside the tree to be linear in itself, and {', '.join(gates)} is not"
        raise EngineError(where, expected, fix="use 'rk4' or 'auto'")
    elif asked in EXPONENTIAL and curved:
        raise EngineError(
            where,
            f"{asked!r} needs a flow linear in each state alone, and that of {model.name} is not",
            fix="use 'rk4' or 'auto'",
        )
    elif asked == "strang" and set(others) <= {system.membrane}:
        raise EngineError(where, f"'strang' needs gates beside the membrane, and {model.name} has none", fix="use 'auto'")
    elif asked not in ("exact", *EXPONENTIAL, *IMPLICIT, "ode", *TABLEAUS, *model.schemes):
        raise EngineError(where, f"has no integrator {asked!r}", fix=did_you_mean(asked, (*TABLEAUS, *model.schemes)))
    solved = tree if method in IMPLICIT else None
    if solved:
        linear = _linear(system, flows, jacobian, without=solved.states)
    elif method not in ("exact", *EXPONENTIAL):
        # the neuron's own states follow the named method; receptors and intrinsic rules stay exact where they can
        linear = [name for name in linear if name not in system.own and _independent(name, jacobian, system.own)]
    exact = _propagate(system, flows, jacobian, linear, dt)
    tableau = TABLEAUS.get(method)
    stages = {node: _propagate(system, flows, jacobian, linear, dt * node) for node in tableau.nodes if node} if tableau else {}
    groups = _groups(method, system, [name for name in system.states if name not in linear], solved)
    alone = [state for group, _ in groups for state in group if not solved or group != solved.states]
    scheme = model.schemes.get(method, ())
    if scheme:
        # what other parts add to the neuron, and is not exact, takes one step when the neuron has taken its own
        named = {state for state, _ in scheme}
        scheme = (*scheme, *((state, 1.0) for state in system.states if state not in exact and state not in named))
    return Integration(
        method, exact, stages, {s: jacobian[s][s] for s in alone}, groups,
        {group: _apart(group, jacobian) for group, _ in groups}, solved, scheme,
    )  # fmt: skip


def _slope(flow: Any, state: str) -> Any:
    wanted = symbol(state)
    return flow.diff(wanted) if wanted in flow.free_symbols else wanted * 0  # of many compartments most feel few


def _automatic(system: System, others: Sequence[str], curved: Sequence[str], tree: Tree | None) -> str:
    """The method of what is not linear: the implicit one for compartments, where the rest is linear in itself."""
    if not others:
        located = system.neuron.options.get("spike_times") == "exact"  # which needs the exact solution
        return "exact" if not tree or len(tree.states) <= SMALL or located else "crank_nicolson"
    if tree and system.membrane in others and set(curved) <= set(tree.states) and (not curved or len(tree.states) >= LARGE):
        return "crank_nicolson"
    if curved:
        return "rk4"
    return "strang" if set(others) > {system.membrane} else "exponential_euler"


def _groups(method: str, system: System, others: Sequence[str], tree: Tree | None) -> tuple[Group, ...]:
    """The order in which a method steps the ``others``, which are not exact, and by what part of dt."""
    if method not in (*EXPONENTIAL, *IMPLICIT):
        return ()
    first = tree.states if tree else (system.membrane,) if method == "strang" else tuple(others)
    gates = tuple(state for state in others if state not in first)
    between = ((gates, 1.0),) if gates else ()
    if not first:
        return between
    # in two halves the first sees what changes beside it as it was, the last as it becomes: that is what makes the order two
    halves = method == "strang" or (method == "crank_nicolson" and len(first) < len(system.states))
    return ((first, 0.5), *between, (first, 0.5)) if halves else ((first, 1.0), *between)


def _apart(group: Sequence[str], jacobian: Mapping[str, Mapping[str, Any]]) -> tuple[tuple[str, ...], ...]:
    """The states of a group in parts, in none of which one feels another."""
    parts: list[list[str]] = []
    for state in group:
        for part in parts:
            if all(jacobian[state][other] == 0 and jacobian[other][state] == 0 for other in part):
                part.append(state)
                break
        else:
            parts.append([state])
    return tuple(map(tuple, parts))


def flows_of(system: System) -> dict[str, Any]:
    """The flow of each state as a SymPy expression of states, parameters, drives and noise."""
    import sympy as sp

    env: dict[str, Any] = {name: symbol(name) for name in system.symbols()}
    evaluate(system.derivative, env, lambda function: rebind(function, table()))
    return {name: sp.expand(sp.sympify(env[f"d_{name}"])) for name in system.states}


def _linear(
    system: System, flows: Mapping[str, Any], jacobian: Mapping[str, Mapping[str, Any]], without: Sequence[str] = ()
) -> list[str]:
    """The largest set of states whose flow is linear with constant coefficients in that set and what is held alone."""
    import sympy as sp

    varying = {symbol(name) for name in (*system.states, *system.held)}
    held = {symbol(name) for name in system.held}

    def jumps(flow: Any) -> bool:
        # where(v > 0, a, b) has no slope on either side, and is not linear in v
        return any(part.free_symbols & varying for part in flow.atoms(sp.core.relational.Relational, sp.floor, sp.sign))

    def fits(state: str, inside: list[str]) -> bool:
        if jumps(flows[state]):
            return False
        for other, slope in jacobian[state].items():
            if slope != 0 and (other not in inside or slope.free_symbols & varying):
                return False
        return all(not flows[state].diff(constant).free_symbols & varying for constant in held & flows[state].free_symbols)

    inside = [state for state in system.states if state not in without]
    while True:
        kept = [state for state in inside if fits(state, inside)]
        if kept == inside:
            return kept
        inside = kept


def _independent(state: str, jacobian: Mapping[str, Mapping[str, Any]], own: tuple[str, ...]) -> bool:
    return all(jacobian[state][other] == 0 for other in own)


def _propagate(
    system: System, flows: Mapping[str, Any], jacobian: Mapping[str, Mapping[str, Any]], linear: list[str], h: float
) -> Propagator:
    """The exact step of the linear states over ``h`` ms, from the exponential of the augmented matrix."""
    from scipy.linalg import expm

    if not linear:
        return {}
    columns, entries = generator(system, flows, linear)
    matrix, kind = evaluated(system, entries, (len(columns), len(columns)))
    reach = reached(matrix)
    power = expm(matrix * h)
    exact: dict[str, dict[str, Coefficient]] = {}
    for row, state in enumerate(linear):
        found: dict[str, Coefficient] = {}
        for column, name in enumerate(columns):
            if reach[row, column]:
                coefficient = power[:, row, column]
                found[name] = float(coefficient[0]) if kind is None else coefficient[kind]
        exact[state] = found
    return exact


def generator(system: System, flows: Mapping[str, Any], linear: Sequence[str]) -> tuple[list[str], dict[tuple[int, int], Any]]:
    """The augmented matrix of the linear states: its columns (states, what is held, ONE) and its entries as expressions."""
    columns = [*linear, *system.held, ONE]
    zero = {symbol(name): 0 for name in (*system.states, *system.held)}
    entries: dict[tuple[int, int], Any] = {}
    for row, state in enumerate(linear):
        for column, name in enumerate(columns):
            value = flows[state].subs(zero) if name == ONE else _slope(flows[state], name)
            if value != 0:
                entries[row, column] = value
    return columns, entries


def evaluated(
    system: System, entries: Mapping[tuple[int, int], Any], shape: tuple[int, int]
) -> tuple[np.ndarray, np.ndarray | None]:
    """A matrix of expressions in numbers: [kinds, *shape], a kind for each set of parameters that differs, and the kind of each
    neuron, [n]; None where all neurons are of one."""
    import sympy as sp

    params = list(system.params)
    values = [np.asarray(system.params[name], np.float64) for name in params]
    used = {str(free) for value in entries.values() for free in value.free_symbols}
    arrays = [name for name, value in zip(params, values, strict=True) if value.ndim and name in used]
    if arrays:
        stacked = np.stack([values[params.index(name)] for name in arrays], axis=1)
        unique, inverse = np.unique(stacked, axis=0, return_inverse=True)
        values = [unique[:, arrays.index(n)] if n in arrays else v for n, v in zip(params, values, strict=True)]
        size = len(unique)
    else:
        values = [v if v.ndim == 0 else v[0] for v in values]
        inverse, size = np.zeros(1, int), 1
    matrix = np.zeros((size, *shape))
    for (row, column), value in entries.items():
        matrix[:, row, column] = sp.lambdify([symbol(name) for name in params], value, "numpy")(*values)
    return matrix, inverse.reshape(-1) if arrays else None


def reached(matrix: np.ndarray) -> np.ndarray:
    """What can reach what through matrices [kinds, k, k]: entries outside stay exactly zero and cost nothing in a kernel."""
    reach = (matrix != 0).any(axis=0) | np.eye(matrix.shape[1], dtype=bool)
    while True:
        further = reach | (reach.astype(float) @ reach.astype(float) > 0)
        if (further == reach).all():
            return reach
        reach = further
