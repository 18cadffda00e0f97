"""The implicit step of states coupled like a tree as kernel text: see :mod:`maichong.engines.hines`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from maichong.engines.events.lower import Writer
from maichong.engines.events.slopes import text_of
from maichong.engines.hines import Tree


def write_implicit(w: Writer, tree: Tree, theta: float, env: Mapping[str, str], h: str) -> dict[str, str]:
    """Write the elimination; the names of the states' new values. ``env`` has the states before, and their flow."""
    step = h if theta == 1.0 else w.keep(f"{w.literal(theta)} * {h}", "theta_h")
    known: dict[Any, str] = {}

    def by_step(slope: Any) -> str:
        # where compartments are alike, so are their slopes
        if slope not in known:
            known[slope] = w.keep(f"{step} * {text_of(w, slope, env)}", "part")
        return known[slope]

    diagonal = [w.keep(f"{w.literal(1.0)} - {by_step(slope)}", "row") for slope in tree.slopes]
    right = [w.keep(f"{h} * {env[f'd_{state}']}", f"right_{state}") for state in tree.states]
    down, up = ["", *map(by_step, tree.down)], ["", *map(by_step, tree.up)]
    for k in range(len(tree.states) - 1, 0, -1):
        above = tree.parents[k]
        share = w.keep(f"{up[k]} / {diagonal[k]}", "share")
        diagonal[above] = w.keep(f"{diagonal[above]} - {share} * {down[k]}", f"row_{tree.states[above]}")
        right[above] = w.keep(f"{right[above]} + {share} * {right[k]}", f"right_{tree.states[above]}")
    moved: list[str] = []
    for k, state in enumerate(tree.states):
        left = f"({right[k]} + {down[k]} * {moved[tree.parents[k]]})" if k else right[k]
        moved.append(w.keep(f"{left} / {diagonal[k]}", f"moved_{state}"))
    return {state: w.keep(f"{env[state]} + {by}", f"new_{state}") for state, by in zip(tree.states, moved, strict=True)}
