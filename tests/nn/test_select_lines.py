"""Choices in kernels as one instruction, where no side of them is dear or dangerous to work out in vain."""

from __future__ import annotations

import numpy as np
import pytest
from numba import njit

from maichong.engines.autograd.selects import selected
from maichong.engines.events.runtime import select


@pytest.mark.parametrize(
    ("line", "made"),
    [
        ("    x = a if c else b", "    x = select(c, a, b)"),
        ("x = (g if a > F(0.0) else F(0.0)) + d[k]", "x = select(a > F(0.0), g, F(0.0)) + d[k]"),
        ("x[k] = np.int32(p) if f else a * b", "x[k] = select(f, np.int32(p), a * b)"),
        ("x = a if c else b if d else e", "x = select(c, a, select(d, b, e))"),
        # memory that may not be there, a function that takes its time, a division of whole numbers that traps
        ("x = d[k] if k < n else b", "x = d[k] if k < n else b"),
        ("x = np.exp(a) if c else b", "x = np.exp(a) if c else b"),
        ("x = a // b if b else c", "x = a // b if b else c"),
        # no assignments
        ("for k in range(n if c else m):", "for k in range(n if c else m):"),
        ("x = a * b", "x = a * b"),
    ],
)
def test_lines(line: str, made: str) -> None:
    assert selected(line) == made


def test_the_instruction_does_what_a_choice_does() -> None:
    @njit
    def both(c, a, b):
        return select(c, a, b), a if c else b

    for c in (True, False):
        for a, b in ((1.5, -0.0), (np.nan, 2.0), (np.inf, 1), (3, -4), (np.float32(0.1), np.float32(0.2))):
            ours, pythons = both(c, a, b)
            assert type(ours) is type(pythons)
            np.testing.assert_equal(ours, pythons)
