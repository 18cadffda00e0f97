"""Courses of single cells, and what the analysis refuses."""

from __future__ import annotations

import numpy as np
import pytest

from maichong import LIF, Izhikevich, Steps
from maichong.analysis import course, f_i_curve, fixed_points, onset, run_pattern
from maichong.errors import MaichongError
from maichong.spec import State, neuron


def test_a_course_is_the_closed_form_of_its_current() -> None:
    """Below threshold v = v_rest + (i tau / c)(1 - exp(-(t - 5) / tau)) from 5 ms on."""
    found = course(LIF(), Steps([0.0, 5.0], [0.0, 300.0]), 20.0)
    expected = np.where(found.times <= 5.0, -70.0, -70.0 + 12.0 * -np.expm1(-(found.times - 5.0) / 10.0))
    assert found.states["v"] == pytest.approx(expected, abs=1e-10)
    assert (found.current == np.where(found.times <= 5.0 + 1e-9, 0.0, 300.0)).all()
    assert found.spikes.size == 0
    assert course(LIF(), 300.0, 1.0, init={"v": -60.0}).states["v"][0] == pytest.approx(-60 + 2 * -np.expm1(-0.01))


def still(v):
    return -v


def never(v):
    return v - 1.0


ALONE = neuron("ThirdAlone", params=[], states=[State("v", 0.0, "", "v", membrane=True)], flow=still, fires=never)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: course(3, 1.0, 1.0), "course: must get a neuron, such as Izhikevich(a=0.02) (got 3)"),
        (
            lambda: run_pattern(Izhikevich, 3),
            "run_pattern: must get a neuron model and one of its patterns (got <neuron model Izh",
        ),
        (lambda: fixed_points(ALONE), "fixed_points, ThirdAlone: must have an input to vary"),
        (lambda: f_i_curve(ALONE, [1.0]), "f_i_curve, ThirdAlone: must have an input to vary"),
        (lambda: onset(ALONE, 0, 1), "onset: must get a neuron with an input"),
        (lambda: fixed_points(LIF, v_range=(1, 0)), "fixed_points, v_range, low: must lie below high (got 1 and 0)"),
    ],
)
def test_messages(call: object, sentence: str) -> None:
    with pytest.raises(MaichongError) as error:
        call()  # type: ignore[operator]
    assert str(error.value).startswith(sentence)
