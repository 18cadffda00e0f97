"""Kernels that compile from memory and without garbage collection are the kernels that Numba makes anyway."""

import gc
import operator
import re
from typing import Any

from numba import cfunc, njit
from numba.core.types.functions import BaseFunction

from maichong.engines.events.compiling import quickly


def mixed(x: float, n: int) -> float:
    y = 0.0
    for k in range(n):
        y += (x * k - 3.5) / (x + 2.0) if x > k and n != 3 else -(x**2) + (k // 2) * (k & 5) - (k << 1)
    return y


def code_of(function: Any) -> str:
    """The LLVM text without the numbers that are in names alone."""
    text = cfunc("float64(float64, int64)", error_model="numpy")(function).inspect_llvm()
    return re.sub(r"\d+", "", "\n".join(line for line in text.splitlines() if line.startswith("  ")))


def test_the_machine_s_code_is_the_same():
    def alike(x: float, n: int) -> float:
        y = 0.0
        for k in range(n):
            y += (x * k - 3.5) / (x + 2.0) if x > k and n != 3 else -(x**2) + (k // 2) * (k & 5) - (k << 1)
        return y

    plain = code_of(mixed)
    with quickly():
        first = code_of(alike)
    with quickly():
        again = code_of(mixed)
    assert len(plain) > 1000
    assert again == plain
    assert first.count("fmul") == plain.count("fmul")


def test_all_is_as_before_afterwards_and_when_something_breaks():
    before = BaseFunction.get_call_type
    for error in (None, KeyboardInterrupt):
        try:
            with quickly():
                assert not gc.isenabled()
                assert BaseFunction.get_call_type is not before
                if error:
                    raise error
        except KeyboardInterrupt:
            pass
        assert gc.isenabled()
        assert BaseFunction.get_call_type is before
    gc.disable()
    try:
        with quickly():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_what_is_no_number_is_asked_for_as_ever():
    @njit
    def joined(a: Any, b: Any) -> Any:
        return operator.add(a, b)

    with quickly():
        assert joined(1.5, 2) == 3.5
        assert joined("a", "b") == "ab"
        assert joined((1, 2), (3,)) == (1, 2, 3)
        assert joined(True, True) == 2
