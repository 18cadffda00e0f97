"""What a neuron is: ``flow`` between spikes, ``fires`` at a threshold, ``reset`` after."""

from __future__ import annotations

import inspect
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from maichong.errors import ModelError, brief, did_you_mean, is_one_of
from maichong.spec.declare import Input, Option, Param, State, Symbol, declared
from maichong.spec.model import Function, Model, names
from maichong.spec.quantities import is_number
from maichong.spec.reading import arguments, check_function

T_REF = Param("t_ref", 0.0, "ms", "absolute refractory period: the membrane is held at its reset value", low=0.0)
PAUSE = Param("t_ref", 0.0, "ms", "time after a spike in which no other is noticed; the membrane goes on", low=0.0)

RESETS = ("hard", "soft", "none")

SPIKE_TIMES = ("grid", "exact")

INTEGRATORS = ("auto", "exact", "exponential_euler", "strang", "euler", "rk2", "rk4", "ode")

Scheme = tuple[tuple[str, float], ...]
"""A named splitting: pairs (state, fraction of dt), each an Euler step that sees what the earlier ones changed."""


@dataclass(frozen=True, eq=False, repr=False)
class NeuronModel(Model):
    """A neuron: ``flow`` gives d/dt of each state, ``fires`` is >= 0 at a spike, ``reset`` the states after it.

    Every neuron also has ``t_ref`` and the options ``reset`` (hard: as declared; soft: the excess over the threshold is
    kept; none), ``integrator`` and ``spike_times`` (grid: a spike is at the end of its step; exact: where ``fires`` reaches 0,
    of linear flows).

    A neuron whose flow makes the whole spike has no ``reset`` function (None): it spikes where ``fires`` rises through 0, once,
    and again when it has been below; ``t_ref`` does not hold its membrane. Nor does it where ``holds`` is False: a neuron
    whose membrane goes on after a spike, as one does whose threshold jumps instead; it has no soft reset.
    """

    kind: ClassVar[str] = "neuron"
    # what a step computes, what an engine keeps of a population beside its states, and what a probe may ask for
    taken: ClassVar[tuple[str, ...]] = (
        "excess", "one", "spikes", "counts", "fired", "until", "wait", "next", "ring", "ring_count", "chains", "link",
        "given_at", "given_ids", "given_stamps", "g_gap", "current_gap", "ring_before", "before_until", "given_before",
    )  # fmt: skip

    inputs: tuple[Input, ...] = ()
    flow: Function = field(kw_only=True)
    fires: Function = field(kw_only=True)
    reset: Function | None = None
    schemes: Mapping[str, Scheme] = field(default_factory=dict)
    holds: bool = True

    @property
    def membrane(self) -> str:
        """The name of the state that is the voltage."""
        return next(state.name for state in self.states if state.membrane)

    def symbols(self) -> tuple[Symbol, ...]:
        return (*super().symbols(), *self.inputs)

    def functions(self) -> Mapping[str, Function]:
        given = {"flow": self.flow, "fires": self.fires, "reset": self.reset}
        return {role: function for role, function in given.items() if function is not None}

    def __post_init__(self) -> None:
        super().__post_init__()
        if sum(state.membrane for state in self.states) != 1:
            raise ModelError(self.name, "exactly one state must be the membrane, State(..., membrane=True)")
        states, params = names(self.states), names(self.params)
        check_function(self.flow, self.name, (*states, *params, *names(self.inputs)), results=len(states))
        check_function(self.fires, self.name, (*states, *params), results=1)
        if self.reset:
            check_function(self.reset, self.name, (*states, *params), results=len(states))
        for scheme, steps in self.schemes.items():
            where = f"{self.name}.schemes[{brief(scheme)}]"
            if not isinstance(steps, tuple) or not all(isinstance(step, tuple) and len(step) == 2 for step in steps):
                raise ModelError(where, "must be a tuple of pairs (state, fraction of dt)", brief(steps))
            for state, fraction in steps:
                if not is_one_of(state, states):
                    raise ModelError(where, f"names {brief(state)}, no state", fix=did_you_mean(state, states))
                if not is_number(fraction):
                    raise ModelError(where, "its fractions of dt must be numbers", brief(fraction))
        check_init(self)


def check_init(model: Model) -> None:
    """Check that the initial values of a model's states can be worked out in declared order."""
    known = set(names(model.params))
    for state in model.states:
        if not (isinstance(state.init, str) or callable(state.init) or is_number(state.init)):
            expected = "its initial value must be a number, the name of a parameter or a function"
            raise ModelError(f"{model.name}.{state.name}", expected, brief(state.init))
        asked = (state.init,) if isinstance(state.init, str) else arguments(state.init) if callable(state.init) else ()
        for name in asked:
            if name not in known:
                raise ModelError(
                    f"{model.name}.{state.name}",
                    f"its initial value asks for {name!r}, neither a parameter nor an earlier state",
                    fix=did_you_mean(name, known),
                )
        if isinstance(state.init, (int, float)) and not math.isfinite(state.init):
            raise ModelError(f"{model.name}.{state.name}", "its initial value must be finite", state.init)
        known.add(state.name)


def neuron(
    name: str,
    *,
    params: Iterable[Param],
    states: Iterable[State],
    flow: Function,
    fires: Function,
    reset: Function | None = None,
    inputs: Iterable[Input] = (),
    schemes: Mapping[str, Scheme] | None = None,
    holds: bool = True,
    doc: str | None = None,
) -> NeuronModel:
    """Declare a neuron from the functions of one file; see :mod:`maichong.neurons.lif` for the shortest example.

    Leave ``reset`` out where the flow itself brings the membrane down again; ``holds=False`` where a spike does not interrupt it.
    ``doc`` is the file's docstring: ``doc=__doc__``. Raises ModelError where a function asks for what is not declared, is
    not straight-line code, or returns the wrong number of values.
    """
    schemes = dict(schemes or {})
    # a membrane that a spike leaves alone has no excess that a soft reset could keep
    resets = RESETS if holds else tuple(choice for choice in RESETS if choice != "soft")
    choices = tuple(schemes) + tuple(choice for choice in INTEGRATORS if choice not in schemes)
    if not schemes:
        choices = INTEGRATORS
    return NeuronModel(
        name=name,
        doc=inspect.cleandoc(doc or ""),
        params=(*declared(params, Param, f"{name}.params"), T_REF if reset and holds else PAUSE),
        states=declared(states, State, f"{name}.states"),
        options=(
            *((Option("reset", resets, "what becomes of the membrane at a spike"),) if reset else ()),
            Option("integrator", ("auto", *(choice for choice in choices if choice != "auto")), "how time is stepped"),
            Option("spike_times", SPIKE_TIMES, "when a spike is: at the end of its step, or where the threshold is crossed"),
        ),
        inputs=declared(inputs, Input, f"{name}.inputs"),
        flow=flow,
        fires=fires,
        reset=reset,
        schemes=schemes,
        holds=holds,
    )
