"""A small network for the tests that extend it wrongly, and the sentence that this must give."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from maichong import (
    LIF,
    AllToAll,
    Exponential,
    Network,
    Poisson,
    SpikeTimes,
)
from maichong.errors import MaichongError


def said(kind: type[Exception], call: Callable[[], Any]) -> str:
    """The message of the error that ``call`` must raise: one line of bearable length."""
    with pytest.raises(kind) as caught:
        call()
    message = str(caught.value)
    assert "\n" not in message
    assert len(message) <= 400
    return message


def some() -> Network:
    """Two populations of cells and two of sources."""
    net = Network(dt=0.1)
    net.population("exc", LIF(), 3)
    net.population("inh", LIF(), 2)
    net.population("noise", Poisson(rate=10.0), 2)
    net.population("given", SpikeTimes([1.0], [0]), 2)
    return net


def joined(**changed: Any) -> Network:
    """The same with one projection, some of it changed."""
    net = some()
    parts = {"pre": "noise", "post": "exc", "connector": AllToAll(), "weight": 1.0, "receptor": Exponential()}
    net.project(**{**parts, **changed})
    return net


def refused(kind: type[MaichongError], message: str, **changed: Any) -> None:
    """A projection so changed is refused with this message, and the network stays as it was."""
    net = some()
    parts = {"pre": "noise", "post": "exc", "connector": AllToAll(), "weight": 1.0, "receptor": Exponential()}
    assert said(kind, lambda: net.project(**{**parts, **changed})) == message
    assert net == some()
