"""Firing patterns that a model declares: the course of their current, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from maichong import Izhikevich, Steps
from maichong.errors import MaichongError
from maichong.spec import Input, Param, Pattern, State, neuron
from maichong.spec.patterns import pulses, step


def test_a_course_becomes_one_step_for_each_change() -> None:
    pattern = Pattern("", {}, pulses(2.0, (1.0, 2.0), base=-1.0), 0.5, 3.0)
    assert pattern.drive() == Steps([0.0, 1.5, 2.0], [-1.0, 2.0, -1.0])
    assert pattern.steps == 7
    after = Pattern("", {}, step(1.0, 5.0), 0.5, 3.0).drive()
    assert (after.times.tolist(), after.values.tolist()) == ([0.0, 1.5], [0.0, 5.0])


def test_the_course_is_the_function_on_the_grid() -> None:
    for pattern in Izhikevich.patterns:
        times = pattern.dt * np.arange(pattern.steps)
        assert pattern.drive().at(times) == pytest.approx([pattern.current(t) for t in times], abs=0)


def flow(v, i, tau):
    return (i - v) / tau


def fires(v):
    return v - 1.0


def declare(**values: object) -> object:
    one = Pattern("fast", **{"values": {"tau": 1.0}, "current": step(1, 1), "dt": 0.1, "duration": 9.0, **values})  # type: ignore
    return neuron(
        "ThirdCell", params=[Param("tau", 5.0, "ms", "speed")], states=[State("v", 0.0, "mV", "v", membrane=True)],
        inputs=[Input("i", "mV", "i")], flow=flow, fires=fires, patterns=[one],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"current": 3}, "Pattern 'fast': its current must be a function of the time in ms (got 3)"),
        ({"dt": 0.0}, "Pattern 'fast': dt and duration must be numbers > 0 ms (got 0.0 and 9.0)"),
        ({"duration": "x"}, "Pattern 'fast': dt and duration must be numbers > 0 ms (got 0.1 and 'x')"),
        ({"values": {"tauu": 1.0}}, "ThirdCell: has no parameter 'tauu'; did you mean 'tau'?"),
        ({"init": {"w": 1.0}}, "ThirdCell, pattern 'fast': starts 'w', no state"),
    ],
)
def test_messages(values: dict[str, object], sentence: str) -> None:
    declare()
    with pytest.raises(MaichongError) as error:
        declare(**values)
    assert str(error.value).startswith(sentence)


def test_patterns_must_be_patterns() -> None:
    with pytest.raises(MaichongError) as error:
        neuron("ThirdCell", params=[], states=[], flow=flow, fires=fires, patterns=[3])  # type: ignore[list-item]
    assert str(error.value) == "ThirdCell.patterns: must be a list of Pattern(...) (got [3])"
