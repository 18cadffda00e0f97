"""What a spike releases at the synapses of its source: short-term plasticity, and receptors that saturate.

Both are functions of the source's own spikes, whatever the delay of a synapse: they are worked out once, when the source fires, and
wait beside the spike. A delivery multiplies the weight by what it finds there; where there are pulses it comes twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from maichong.engines.delays import to_steps
from maichong.engines.system import Call, Port
from maichong.network import Projection
from maichong.spec import Configured, ReceptorModel, ShortTermModel, State
from maichong.spec.model import names
from maichong.spec.reading import arguments

BOUND = "bound"
"""1 while there is transmitter."""

WHOLE = "w"
"""The name of an amount that stands for the weight itself."""


@dataclass(frozen=True)
class Release:
    """The states of each source of a projection, and what they do at its spikes.

    ``elapse`` takes ``states`` on by ``lag`` ms. ``send``, at a spike, then gives ``amount_<name>`` for each of ``amounts``, and
    ``next_<state>`` for states that jump; ``leave``, when a pulse of ``pulse`` steps is over, gives ``last_<name>``. Amounts are
    one for each state of the receptor that a spike jumps, or ``WHOLE``, one for all of them.
    """

    states: tuple[str, ...]
    start: Mapping[str, float]
    params: Mapping[str, float]
    elapse: Call
    send: tuple[Call, ...]
    leave: tuple[Call, ...]
    amounts: tuple[str, ...]
    pulse: int

    def amount(self, state: str, port: Port) -> str:
        """The amount that multiplies what arrives at ``port`` for ``state``."""
        return self.amounts[0] if self.amounts == (WHOLE,) else state.removesuffix(port.suffix)

    @property
    def kept(self) -> tuple[str, ...]:
        """What is kept of each source: its states and, where there are pulses, whether there is transmitter."""
        return (*self.states, *((BOUND,) if self.pulse else ()))


def release_of(projection: Projection, dt: float) -> Release | None:
    """What the spikes of a projection release, where that is not simply the weight."""
    model = projection.receptor.model
    assert isinstance(model, ReceptorModel)
    if projection.short_term is not None:
        return released_by(projection.short_term)
    return _saturating(projection, model, dt) if model.source else None


def released_by(rule: Configured) -> Release:
    """What a short-term rule lets spikes release."""
    assert isinstance(rule.model, ShortTermModel)
    model = rule.model.chosen(rule.options)
    states = names(model.states)
    params = _numbers(rule.values)
    send = _call(model.release, (f"amount_{WHOLE}",)), _call(model.spike, tuple(f"next_{name}" for name in states))
    return Release(states, _starts(model.states, params), params, _call(model.elapse, states), send, (), (WHOLE,), 0)


def _saturating(projection: Projection, model: ReceptorModel, dt: float) -> Release:
    assert model.elapse
    params, states = _numbers(projection.receptor.values), names(model.source)
    send, leave = [_call(model.arrive, tuple(f"amount_{name}" for name in names(model.states)))], []
    if model.spike:
        send.append(_call(model.spike, tuple(f"next_{name}" for name in states)))
    if model.leave:
        leave.append(_call(model.leave, tuple(f"last_{name}" for name in names(model.states))))
    pulse = int(to_steps(params[model.pulse], dt)) if model.pulse else 0
    return Release(
        states, _starts(model.source, params), params, _call(model.elapse, states), tuple(send), tuple(leave),
        model.jumping, pulse,
    )  # fmt: skip


def _call(function: Any, results: tuple[str, ...]) -> Call:
    return Call(function, arguments(function), results)


def _numbers(values: Mapping[str, Any]) -> dict[str, float]:
    return {name: float(value) for name, value in values.items() if value is not None}


def _starts(states: tuple[State, ...], params: Mapping[str, float]) -> dict[str, float]:
    known: dict[str, Any] = dict(params)
    for state in states:
        init = state.init
        if isinstance(init, str):
            known[state.name] = known[init]
        else:
            known[state.name] = float(init(*(known[name] for name in arguments(init)))) if callable(init) else float(init)
    return {state.name: known[state.name] for state in states}
