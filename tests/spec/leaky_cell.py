"""A leaky neuron for the tests that declare it wrongly, and the sentence that this must give."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from maichong.spec import Input, Param, State, neuron


def flow(v, i, tau_m, c_m):
    return -v / tau_m + i / c_m


def fires(v, v_th):
    return v - v_th


def reset(v_r):
    return v_r


PARAMS = (
    Param("tau_m", 10.0, "ms", "time constant", above=0),
    Param("c_m", 250.0, "pF", "capacitance"),
    Param("v_th", -55.0, "mV", "threshold"),
    Param("v_r", -70.0, "mV", "reset"),
)
V = State("v", "v_r", "mV", "membrane", membrane=True)
CURRENT = Input("i", "pA", "current")


def declare(name: str = "Cell", **changed: Any) -> Any:
    """A leaky neuron, some of its parts changed."""
    parts = {"params": PARAMS, "states": (V,), "inputs": (CURRENT,), "flow": flow, "fires": fires, "reset": reset}
    return neuron(name, **{**parts, **changed})


def said(kind: type[Exception], call: Callable[[], Any]) -> str:
    """The message of the error that ``call`` must raise: one line of bearable length."""
    with pytest.raises(kind) as caught:
        call()
    message = str(caught.value)
    assert "\n" not in message
    assert len(message) <= 400
    return message


def at(function: Callable[..., Any], line: int = 0) -> str:
    return f"{function.__code__.co_filename}:{function.__code__.co_firstlineno + line}"
