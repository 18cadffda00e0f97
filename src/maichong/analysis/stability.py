"""What eigenvalues say of a fixed point, in the field's words."""

from __future__ import annotations

from typing import Any

import numpy as np

ZERO = 1e-6
"""An eigenvalue below this share of the largest one counts as 0: fixed points that meet are known to half the digits only."""


def kind_of(eigenvalues: np.ndarray) -> str:
    """The kind of a fixed point of a flow, from the eigenvalues of its Jacobian [states].

    ``"stable node"``, ``"unstable node"``, ``"stable focus"``, ``"unstable focus"`` (some pair is complex), ``"saddle"``,
    ``"saddle focus"`` (a saddle with a complex pair, in three dimensions or more), ``"centre"`` (a pair on the imaginary axis, no
    other eigenvalue there), ``"degenerate"`` (an eigenvalue is 0: the linear part does not tell).

    >>> import numpy as np
    >>> kind_of(np.array([-1.0, -0.1])), kind_of(np.array([0.2 + 1j, 0.2 - 1j])), kind_of(np.array([-1.0, 0.5]))
    ('stable node', 'unstable focus', 'saddle')
    """
    values = np.asarray(eigenvalues, np.complex128)
    scale = np.abs(values).max()
    if scale == 0.0 or (np.abs(values) < ZERO * scale).any():
        return "degenerate"
    if (np.abs(values.real) < ZERO * np.abs(values)).any():
        return "centre"
    return _named(values.real < 0, np.abs(values.imag) > ZERO * scale)


def kind_of_map(multipliers: np.ndarray) -> str:
    """The same of a map's fixed point, from its multipliers: inside the unit circle is stable.

    ``"degenerate"`` is a multiplier at 1 or -1, ``"centre"`` a complex pair on the circle.
    """
    values = np.asarray(multipliers, np.complex128)
    turning = np.abs(values.imag) > ZERO * np.abs(values)
    on_circle = np.abs(np.abs(values) - 1.0) < ZERO
    if (on_circle & ~turning).any():
        return "degenerate"
    if on_circle.any():
        return "centre"
    return _named(np.abs(values) < 1.0, turning)


def is_stable(eigenvalues: np.ndarray, step: float | None = None) -> Any:
    """Whether fixed points with the ``eigenvalues`` [..., states] attract: under the flow, or under Euler steps of ``step`` ms."""
    if step is None:
        return np.all(np.real(eigenvalues) < 0, axis=-1)
    return np.all(np.abs(1.0 + step * eigenvalues) < 1.0, axis=-1)


def _named(attracts: np.ndarray, turns: np.ndarray) -> str:
    if attracts.all() or not attracts.any():
        return f"{'stable' if attracts.all() else 'unstable'} {'focus' if turns.any() else 'node'}"
    return "saddle focus" if turns.any() else "saddle"
