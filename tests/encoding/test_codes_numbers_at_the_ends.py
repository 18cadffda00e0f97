"""Parameters and values as small and as large as doubles go: a sentence, or a result without a warning of NumPy."""

from __future__ import annotations

import dataclasses
import itertools
import math
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from maichong.encoding import Code, codes
from maichong.encoding.fields import DECLARED
from maichong.errors import MaichongError
from maichong.spec.declare import Param

ENDS = (5e-324, 1e-310, 2.3e-308, 1e-300, 1e-160, 1e-100, 1e-50, 1e50, 1e100, 1e154, 1e300, 1.7e308)
TWO = (5e-324, 1e-100, 1e-50, 1e50, 1e100, 1.7e308)
ALL = [code for code in codes().values() if code.__name__ != "NeuronDynamics"]  # an engine steps its neurons, and tells itself
WAVE = 0.5 + 0.4 * np.sin(np.linspace(0.0, 6.0, 60))


def numbers(code: type[Code]) -> list[str]:
    entries = dataclasses.fields(code)  # type: ignore[arg-type]
    return [entry.name for entry in entries if isinstance(entry.metadata.get(DECLARED), Param)]


def settings(code: type[Code]) -> Iterator[dict[str, float]]:
    for name, end, sign in itertools.product(numbers(code), ENDS, (1.0, -1.0)):
        yield {name: sign * end}
    if code.__name__ == "EventCamera":  # a floor of almost nothing makes hundreds of events of each change
        return
    for pair in itertools.combinations(numbers(code), 2):
        for ends in itertools.product(TWO, repeat=2):
            yield dict(zip(pair, ends, strict=True))


def goes_round(code: type[Code], values: np.ndarray, **given: Any) -> np.ndarray | None:
    """What comes back, None for a sentence; a warning is an error."""
    said, back = "", None
    try:
        made = code(**given).adapted(values)
        back = made.decode(made.encode(values))
    except MaichongError as error:
        said = str(error)
    assert "\n" not in said
    return back


@pytest.mark.parametrize("code", ALL, ids=lambda code: code.__name__)
def test_parameters_at_the_ends_of_doubles(code: type[Code]) -> None:
    values = WAVE if code.reads == "signals" else np.array([0.0, 0.3, 1.0])
    tried = taken = 0
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for given in settings(code):
            back = goes_round(code, values, **given)
            tried, taken = tried + 1, taken + (back is not None)
            # silence of all of a value's receptive fields is NaN, as its docstring says
            assert back is None or code.__name__ == "GaussianReceptiveFields" or np.isfinite(back).all(), given
    assert taken < tried


@pytest.mark.parametrize("code", [code for code in ALL if code.reads == "signals"], ids=lambda code: code.__name__)
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_signals_at_the_ends_of_doubles(code: type[Code], sign: float) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for end in ENDS:
            for shape in (WAVE, np.ones(60), np.repeat([0.0, 1.0, -1.0], 20)):
                goes_round(code, sign * end * shape)


def test_a_trace_that_has_decayed_to_nothing_is_a_signal() -> None:
    """exp(-t) reaches the smallest doubles and 0: as good a signal as any."""
    trace = np.exp(-np.linspace(0.0, 760.0, 40))[::-1]
    assert 0.0 <= trace[0] < 1e-320
    for code in ALL:
        if code.reads == "signals" and code.__name__ not in ("EventCamera", "BSA", "HSA"):
            back = goes_round(code, trace)
            assert back is not None and math.isclose(back[0], 0.0, abs_tol=0.2), code
