"""The step of a neuron's states as kernel text: what is exact by its propagator, the rest by the scheme that the plan chose."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from maichong.engines.events.elimination import write_implicit
from maichong.engines.events.lower import Writer
from maichong.engines.events.slopes import slope_texts
from maichong.engines.integration import ONE, TABLEAUS, Integration, Propagator
from maichong.engines.system import System


class Coefficients:
    """The numbers of a propagator, named for a kernel: ``p_v_g`` takes ``g`` into ``v``."""

    def __init__(self, prefix: str, propagator: Propagator) -> None:
        self.names: dict[tuple[str, str], str] = {}
        self.values: dict[str, float | np.ndarray] = {}
        for state, row in propagator.items():
            for source, value in row.items():
                name = f"{prefix}_{state}_{'one' if source == ONE else source}"
                self.names[state, source] = name
                self.values[name] = value

    def row(self, state: str, propagator: Propagator, env: Mapping[str, str]) -> str:
        """The text of the state's new value."""
        terms = [
            self.names[state, source] if source == ONE else f"{self.names[state, source]} * {env[source]}"
            for source in propagator[state]
        ]
        return " + ".join(terms) if terms else "F(0.0)"


def advance(
    w: Writer, system: System, integration: Integration, exact: Coefficients, stages: Mapping[float, Coefficients],
    env: dict[str, str], slow: Sequence[str],
) -> dict[str, str]:  # fmt: skip
    """Write the step of all states (but slow ones); the names of their new values."""
    h = "dt"

    def named(coefficients: Coefficients) -> Coefficients:
        view = Coefficients("", {})
        view.names = {key: env.get(name, name) for key, name in coefficients.names.items()}
        return view

    new: dict[str, str] = {}
    for state in integration.exact:
        if state not in slow:
            new[state] = w.keep(named(exact).row(state, integration.exact, env), f"new_{state}")
    others = [name for name in system.states if name not in integration.exact]
    if not others:
        return new
    now = dict(env)
    for k, (group, part) in enumerate(integration.groups):
        here = dict(now) | (new if 0 < k == len(integration.groups) - 1 else {})
        span = h if part == 1.0 else w.keep(f"{w.literal(part)} * {h}", "span")
        begin = len(w.lines)
        for call in system.derivative:
            w.call(call, here)
        if integration.implicit and group == integration.implicit.states:
            now |= write_implicit(w, integration.implicit, integration.theta, here, span)
        else:
            slope_of = slope_texts(w, integration.apart[group], integration.slopes, system.derivative, here)
            for state in group:
                never_zero = bool(integration.slopes[state].is_negative)
                now[state] = _exponential(w, state, slope_of[state], here, span, never_zero=never_zero)
        w.prune(begin, now.values())
    if integration.groups:
        return {**{state: now[state] for state in others}, **new}
    if integration.scheme:
        for state, fraction in integration.scheme:
            inner = dict(now)
            for call in system.derivative:
                w.call(call, inner)
            now[state] = w.keep(f"{now[state]} + ({w.literal(fraction)} * dt) * {inner[f'd_{state}']}", f"new_{state}")
        return {**{state: now[state] for state in others}, **new}
    tableau = TABLEAUS[integration.method]
    slopes: list[dict[str, str]] = []
    for node, row in zip(tableau.nodes, tableau.matrix, strict=True):
        inner = dict(env)
        if node:
            for state in integration.exact:
                inner[state] = w.keep(named(stages[node]).row(state, integration.stages[node], env), f"mid_{state}")
        for state in others:
            terms = [f"{w.literal(a)} * {k[state]}" for a, k in zip(row, slopes, strict=True) if a]
            if terms:
                inner[state] = w.keep(f"{env[state]} + {h} * ({' + '.join(terms)})", f"mid_{state}")
        for call in system.derivative:
            w.call(call, inner)
        slopes.append({state: inner[f"d_{state}"] for state in others})
    for state in others:
        terms = [f"{w.literal(b)} * {k[state]}" for b, k in zip(tableau.weights, slopes, strict=True) if b]
        new[state] = w.keep(f"{env[state]} + {h} * ({' + '.join(terms)})", f"new_{state}")
    return new


def _exponential(w: Writer, state: str, a: str, env: Mapping[str, str], h: str, *, never_zero: bool) -> str:
    """x' = a x + b is solved over the step with a and b as they are now: x + x' (exp(a h) - 1) / a."""
    z = w.keep(f"{a} * {h}", "z")
    expm1 = "expm1_32" if w.precision == "float32" else "np.expm1"
    growth = w.keep(f"{expm1}({z}) / {a}", "growth")
    if not never_zero:
        # a choice between two names is a select; between two expressions it may stay a branch, and the loop scalar
        growth = f"{growth} if {z} != F(0.0) else {h}"
    return w.keep(f"{env[state]} + {env[f'd_{state}']} * ({growth})", f"new_{state}")
