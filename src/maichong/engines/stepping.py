"""The step of a system's states on whole arrays, NumPy's or torch's: the readable form of what kernels do neuron by neuron."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from maichong import ops
from maichong.engines.hines import change, reader
from maichong.engines.integration import ONE, TABLEAUS, Integration
from maichong.engines.system import System, evaluate

NUMPY = {name: getattr(ops, name) for name in ops.NAMES}

Rows = Mapping[str, Mapping[str, Any]]
"""A propagator, its coefficients being numbers or arrays of any kind."""


class Stepper:
    """Takes the states of ``system`` over a step of ``dt`` ms.

    ``reading`` gives a model's functions in the operations of ``table``, those of maichong.ops by default; ``exact`` and
    ``stages`` stand in for the integration's own propagators where their numbers are other arrays; ``zeros`` makes zeros like an
    array.
    """

    def __init__(
        self, system: System, integration: Integration, dt: float, *, table: Mapping[str, Callable[..., Any]] = NUMPY,
        reading: Callable[..., Any] | None = None, zeros: Callable[[Any], Any] = np.zeros_like, exact: Rows | None = None,
        stages: Mapping[float, Rows] | None = None,
    ) -> None:  # fmt: skip
        self.system, self.integration, self.dt = system, integration, dt
        self.table, self.reading, self.zeros = table, reading, zeros
        self.exact = integration.exact if exact is None else exact
        self.stages = integration.stages if stages is None else stages
        self._read = reader(integration.implicit, table) if integration.implicit else None

    def __call__(self, env: Mapping[str, Any]) -> dict[str, Any]:
        """The states after a step; ``env`` has the states, parameters and what is held, as they are before."""
        integration, dt = self.integration, self.dt
        exact = self._propagate(self.exact, env)
        others = [name for name in self.system.states if name not in integration.exact]
        if not others:
            return exact
        if integration.groups:
            now: dict[str, Any] = {}
            for k, (group, part) in enumerate(integration.groups):
                later = exact if 0 < k == len(integration.groups) - 1 else {}
                now |= self._group(group, env, now | later, part * dt)
            return exact | now
        old = {name: env[name] for name in self.system.states}
        if integration.scheme:
            now = dict(old)
            for name, fraction in integration.scheme:
                now[name] = now[name] + fraction * dt * self._derivative(env, now)[name]
            return {**now, **exact}
        tableau = TABLEAUS[integration.method]
        slopes: list[dict[str, Any]] = []
        for node, row in zip(tableau.nodes, tableau.matrix, strict=True):
            inner = {name: old[name] + dt * sum(a * k[name] for a, k in zip(row, slopes, strict=True)) for name in others}
            passed = self._propagate(self.stages[node], env) if node else {}
            slopes.append(self._derivative(env, {**inner, **passed}))
        return exact | {
            name: old[name] + dt * sum(b * k[name] for b, k in zip(tableau.weights, slopes, strict=True)) for name in others
        }

    @staticmethod
    def _propagate(propagator: Rows, env: Mapping[str, Any]) -> dict[str, Any]:
        return {
            state: sum(c * (1.0 if name == ONE else env[name]) for name, c in coefficients.items())
            for state, coefficients in propagator.items()
        }

    def _derivative(self, env: Mapping[str, Any], states: Mapping[str, Any]) -> dict[str, Any]:
        known = {**env, **states}
        evaluate(self.system.derivative, known, self.reading)
        return {name: known[f"d_{name}"] for name in self.system.states}

    def _group(self, group: tuple[str, ...], env: Mapping[str, Any], now: Mapping[str, Any], h: float) -> dict[str, Any]:
        """The states of a group over ``h`` ms, the others held as in ``now`` or as they were."""
        tree = self.integration.implicit
        if not tree or not self._read or group != tree.states:
            return {k: v for alike in self.integration.apart[group] for k, v in self._exponential(alike, env, now, h).items()}
        values, flow = self._read({**env, **now}), self._derivative(env, now)
        moved = change(tree, values, [flow[name] for name in group], h, self.integration.theta)
        return {name: now.get(name, env[name]) + by for name, by in zip(group, moved, strict=True)}

    def _exponential(self, alike: tuple[str, ...], env: Mapping[str, Any], now: Mapping[str, Any], h: float) -> dict[str, Any]:
        """x' = a x + b of states that do not feel each other over ``h`` ms: a and b from the flow where all are 1, and all 0."""
        x = {name: now.get(name, env[name]) for name in alike}
        zero = {name: self.zeros(value) for name, value in x.items()}
        low = self._derivative(env, {**now, **zero})
        high = self._derivative(env, {**now, **{name: value + 1 for name, value in zero.items()}})
        where, exp, expm1 = (self.table[name] for name in ("where", "exp", "expm1"))
        found: dict[str, Any] = {}
        for name in alike:
            b, a = low[name], high[name] - low[name]
            z, none = a * h, zero[name]
            still = z == 0
            grown = x[name] * exp(z) + b * where(still, none, expm1(z) / where(still, none + 1, a))
            found[name] = where(still, x[name] + b * h, grown)
        return found
