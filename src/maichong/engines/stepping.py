"""The step of a system's states on whole arrays, NumPy's or torch's: the readable form of what kernels do neuron by neuron."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from maichong import ops
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
                now |= {name: self._exponential(name, env, now | later, part * dt) for name in group}
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

    def _exponential(self, name: str, env: Mapping[str, Any], now: Mapping[str, Any], h: float) -> Any:
        """x' = a x + b over ``h`` ms, the others held as in ``now`` or as they were: a and b from the flow at x = 1 and x = 0."""
        x = now.get(name, env[name])
        zero = self.zeros(x)
        b = self._derivative(env, {**now, name: zero})[name]
        a = self._derivative(env, {**now, name: zero + 1})[name] - b
        z, (where, exp, expm1) = a * h, (self.table[name] for name in ("where", "exp", "expm1"))
        still = z == 0
        return where(still, x + b * h, x * exp(z) + b * where(still, zero, expm1(z) / where(still, zero + 1, a)))
