"""What a neuron is: ``flow`` between spikes, ``fires`` at a threshold, ``reset`` after."""

from __future__ import annotations

import dataclasses
import inspect
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol

from maichong.errors import ModelError, ParameterError, brief, did_you_mean, is_one_of
from maichong.spec.declare import Input, Option, Param, State, Symbol, declared
from maichong.spec.escape import NONE, EscapeOption
from maichong.spec.model import Configured, Function, Model, names
from maichong.spec.patterns import Pattern
from maichong.spec.quantities import is_number
from maichong.spec.reading import arguments, check_function
from maichong.spec.soundness import check_values

T_REF = Param("t_ref", 0.0, "ms", "absolute refractory period: the membrane is held at its reset value", low=0.0)
PAUSE = Param("t_ref", 0.0, "ms", "time after a spike in which no other is noticed; the membrane goes on", low=0.0)

RESETS = ("hard", "soft", "none")

SPIKE_TIMES = ("grid", "exact")

INTEGRATORS = {
    "auto": "exact where the flow is linear; crank_nicolson for compartments; strang (with gates) or exponential_euler where each "
    "state is linear in itself; or rk4",
    "exact": "by the propagator of a linear flow: right at any dt",
    "exponential_euler": "each state solved over the step with the others held (Rush & Larsen's method for gates): order 1",
    "strang": "half a step of the membrane, a step of the gates, half a step of the membrane, each solved: order 2",
    "backward_euler": "compartments solved together at the step's end (Hines), gates by their exponential: order 1",
    "crank_nicolson": "compartments solved together by both ends of the step, the gates between two halves of it: order 2",
    "euler": "forward Euler: order 1",
    "rk2": "Runge-Kutta, midpoint: order 2",
    "rk4": "Runge-Kutta, classical: order 4",
    "ode": "adaptive, to 1e-10, each spike located: for reference runs, on the engine 'reference' alone",
}
"""The ways to step time, each with what it does."""
INTEGRATOR_ALIASES = (("rush_larsen", "exponential_euler"),)

Scheme = tuple[tuple[str, float], ...]
"""A named splitting: pairs (state, fraction of dt), each an Euler step that sees what the earlier ones changed."""


class Recipe(Protocol):
    """What a neuron was made from, as plain data; equal recipes make the same model."""

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready data."""
        ...

    def maker(self) -> Callable[[Any, str], NeuronModel]:
        """What makes the neuron from such data; its second argument says, for messages, where they stand."""
        ...


@dataclass(frozen=True, eq=False, repr=False)
class NeuronModel(Model):
    """A neuron: ``flow`` gives d/dt of each state, ``fires`` is >= 0 at a spike, ``reset`` the states after it, and ``recover``, if
    there is one, the states after the refractory period.

    Every neuron also has ``t_ref`` and the options ``reset`` (hard: as declared; soft: the excess over the threshold is
    kept; none), ``integrator``, ``spike_times`` (grid: a spike is at the end of its step; exact: where ``fires`` reaches 0,
    of linear flows) and ``escape`` (none: spikes where ``fires`` is >= 0; Escape(...): by chance, the more likely the higher).

    ``integrator`` is "auto", which chooses, or

    * "exact": the propagator of a linear flow, right at any dt; what is linear and hangs on nothing else is exact by "auto" too;
    * "exponential_euler", also called "rush_larsen": each state solved over the step with all others held, order 1; for flows
      linear in each state alone, such as those of conductances and of gates (Rush & Larsen 1978, doi:10.1109/TBME.1978.326270);
    * "strang": half a step of the membrane, a step of the gates, half a step of the membrane, each solved so; order 2;
    * "backward_euler", order 1, and "crank_nicolson", order 2: the membrane and the compartments that hang on it, coupled like a
      tree, solved together in O(N) (Hines 1984, doi:10.1016/0020-7101(84)90008-4), and gates as above;
    * "euler", "rk2" (midpoint) and "rk4": Runge-Kutta methods of order 1, 2 and 4, for any flow;
    * "ode": DOP853 with adaptive steps, each spike located; for reference runs, on the engine "reference";
    * a splitting that the neuron names itself, in ``schemes``.

    A neuron whose flow makes the whole spike has no ``reset`` function (None): it spikes where ``fires`` rises through 0, once,
    and again when it has been below; ``t_ref`` does not hold its membrane. Nor does it where ``holds`` is False: a neuron
    whose membrane goes on after a spike, as one does whose threshold jumps instead; it has no soft reset. Neither has one with
    ``recover``, whose membrane stays where ``reset`` puts it, at the height of a spike perhaps, for ``t_ref`` and then comes down.
    """

    kind: ClassVar[str] = "neuron"
    # what a step computes, what an engine keeps of a population beside its states, and what a probe may ask for
    taken: ClassVar[tuple[str, ...]] = (
        "excess", "one", "spikes", "counts", "fired", "until", "wait", "next", "ring", "ring_count", "chains", "link",
        "given_at", "given_ids", "given_stamps", "g_gap", "current_gap", "ring_before", "before_until", "given_before",
        "hazard", "escape_rho_0", "escape_delta_u",
    )  # fmt: skip

    inputs: tuple[Input, ...] = ()
    flow: Function = field(kw_only=True)
    fires: Function = field(kw_only=True)
    reset: Function | None = None
    recover: Function | None = None
    schemes: Mapping[str, Scheme] = field(default_factory=dict)
    patterns: tuple[Pattern, ...] = ()
    holds: bool = True
    text: Recipe | None = None
    """What the functions were made from, where that is no file: equations as text, or a tree of compartments. A network's file
    carries it."""

    @classmethod
    def from_equations(
        cls,
        equations: str | Iterable[str],
        *,
        threshold: str,
        reset: str | Iterable[str] | None = None,
        params: Mapping[str, Any] | None = None,
        inputs: Mapping[str, Any] | None = None,
        init: Mapping[str, Any] | None = None,
        name: str | None = None,
        membrane: str | None = None,
        meanings: Mapping[str, str] | None = None,
        schemes: Mapping[str, Scheme] | None = None,
        doc: str | None = None,
    ) -> NeuronModel:
        """A neuron from equations as text, as Brian2 has them; it is the same kind of model as one from a file.

        ``equations``, a text or a list of texts, has one a line: ``dx/dt = expression : unit`` is a state,
        ``x = expression : unit`` a subexpression, ``x : unit`` says the unit of a parameter or input. ``#`` begins a comment,
        which is the state's meaning; a line goes on after a backslash and inside parentheses. An expression has + - * / **, the
        functions of :mod:`maichong.ops`, ``abs``, ``clip`` and ``exprel``, and units as factors (``-50*mV``).
        ``threshold`` is one comparison, which holds at equality too; ``reset`` has assignments (``v = v_r; u += d``), done one
        after the other, or is None where the flow brings the membrane down itself.

        ``params`` maps names to ``"20 ms"``, a pint quantity, ``(20, "ms")``, ``(20, "ms", "meaning")``, a number in the unit
        that the equations declare, or a Param, which can have bounds; ``t_ref``, the refractory time, may be among them.
        ``inputs`` maps names to units or ``(unit, meaning)``. ``init`` gives initial values, numbers or expressions of
        parameters and earlier states; they are 0 where none is given, as in Brian2. ``membrane`` is the state that is held while
        refractory and that receptors read: ``v``, or the first. ``name`` is what a network's file calls the model.

        Values are kept in ms, mV, pA, nS and pF, which need no factors: a time constant in seconds becomes one in ms.

        Raises ModelError, UnitError or ParameterError, with the file, line and column of the text, before anything is compiled:
        for an unknown symbol or unit, mixed units, a branch, a division by zero at the defaults, a threshold that provably is
        never crossed, and the like. Whether a drive suffices to reach a threshold is not known here.

        Not for noise (``net.noise``), for what hangs on the time (``drive=``) and for synapses.

        Example::

            Cell = NeuronModel.from_equations(
                "dv/dt = (v_rest - v + R*I) / tau_m : mV",
                threshold="v > v_th", reset="v = v_r", init={"v": "v_rest"}, inputs={"I": "pA"},
                params={"tau_m": "20 ms", "R": "0.1 Gohm", "v_rest": "-70 mV", "v_th": "-50 mV", "v_r": "-60 mV"},
            )
            net.population("cells", Cell(tau_m=15), 100)

        Source: the notation is that of Stimberg et al. 2019, doi:10.7554/eLife.47314.
        """
        from maichong.spec.equations import made  # pint and sympy load with it

        return made(equations, threshold, reset, params, inputs, init, name, membrane, meanings, schemes, doc, depth=2)

    def __reduce_ex__(self, protocol: Any) -> Any:
        if self.text is None:
            return super().__reduce_ex__(protocol)
        # functions that were made from text have no module to be found in
        return self.text.maker(), (self.text.to_dict(), f"a copy of {self.name}")

    @property
    def membrane(self) -> str:
        """The name of the state that is the voltage."""
        return next(state.name for state in self.states if state.membrane)

    def potential(self, input: str) -> str:
        """The name of the state that is the potential where the input called so comes in."""
        return next(entry.at for entry in self.inputs if entry.name == input) or self.membrane

    def symbols(self) -> tuple[Symbol, ...]:
        return (*super().symbols(), *self.inputs)

    def functions(self) -> Mapping[str, Function]:
        given = {"flow": self.flow, "fires": self.fires, "reset": self.reset, "recover": self.recover}
        return {role: function for role, function in given.items() if function is not None}

    def check(self, configured: Configured) -> None:
        escape, where = configured.options.get("escape", NONE), f"{self.name}.escape"
        if escape == NONE:
            return
        if self.reset is None:
            fix = f"leave escape out: the flow of {self.name} makes the whole spike, and net.noise() makes its times random"
            raise ParameterError(where, "is for neurons that a spike resets", brief(escape), fix)
        if configured.options.get("spike_times") == "exact":
            expected = "draws whether there is a spike once a step, and cannot say where in it"
            raise ParameterError(where, expected, "spike_times='exact'", "use spike_times='grid'")
        if configured.options.get("integrator") == "ode":
            expected = "draws spikes, and the integrator 'ode' locates them where the threshold is crossed"
            raise ParameterError(where, expected, "integrator='ode'", "use 'auto'")

    def __post_init__(self) -> None:
        super().__post_init__()
        if sum(state.membrane for state in self.states) != 1:
            raise ModelError(self.name, "exactly one state must be the membrane, State(..., membrane=True)")
        states, params = names(self.states), names(self.params)
        check_function(self.flow, self.name, (*states, *params, *names(self.inputs)), results=len(states))
        check_function(self.fires, self.name, (*states, *params), results=1)
        if self.reset:
            check_function(self.reset, self.name, (*states, *params), results=len(states))
        if self.recover:
            if not (self.reset and self.holds):
                fix = "give a reset too, and leave holds out"
                raise ModelError(f"{self.name}.recover", "is for a membrane that a spike resets and t_ref holds", fix=fix)
            check_function(self.recover, self.name, (*states, *params), results=len(states))
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
        units = {state.name: state.unit for state in self.states}
        for entry in self.inputs:
            where = f"{self.name}.{entry.name}"
            if entry.at is not None and not is_one_of(entry.at, states):
                raise ModelError(where, f"comes in at {brief(entry.at)}, no state", fix=did_you_mean(entry.at, states))
            if entry.at is not None and units[entry.at] != units[self.membrane]:
                expected = f"must come in at a potential, in {units[self.membrane] or 'units of 1'} as {self.membrane!r} is"
                raise ModelError(where, expected, f"{entry.at!r}, in {units[entry.at] or 'units of 1'}")
        for pattern in self.patterns:
            self(**pattern.values)
            for state in pattern.init:
                if not is_one_of(state, states):
                    where = f"{self.name}, pattern {brief(pattern.name)}"
                    raise ModelError(where, f"starts {brief(state)}, no state", fix=did_you_mean(state, states))
        check_values(self)


def check_init(model: Model, also: Iterable[str] = ()) -> None:
    """Check that the initial values of a model's states can be worked out in declared order; they may ask for ``also``, too."""
    known = {*names(model.params), *also}
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
    recover: Function | None = None,
    inputs: Iterable[Input] = (),
    schemes: Mapping[str, Scheme] | None = None,
    patterns: Iterable[Pattern] = (),
    holds: bool = True,
    t_ref: float = 0.0,
    doc: str | None = None,
) -> NeuronModel:
    """Declare a neuron from the functions of one file; see :mod:`maichong.neurons.lif` for the shortest example.

    Leave ``reset`` out where the flow itself brings the membrane down again; ``holds=False`` where a spike does not interrupt it.
    ``recover`` is where the end of the refractory period takes the states; see :mod:`maichong.neurons.clopath_adex`.
    ``t_ref`` is the default of the parameter t_ref, which every neuron has.
    ``patterns`` are what it is known for and ``maichong show NAME --plot`` draws. ``doc`` is the file's docstring:
    ``doc=__doc__``. Raises ModelError, with the file and line, where a function asks for what is not declared, is not
    straight-line code, returns the wrong number of values, or is not finite at the defaults. Wrong units, and a threshold that can
    never be crossed, are told where the model is first used, by ``Network.build`` and ``Spiking``, before anything is compiled.
    """
    schemes = dict(schemes or {})
    # a membrane that a spike leaves alone has no excess that a soft reset could keep
    resets = RESETS if holds and recover is None else tuple(choice for choice in RESETS if choice != "soft")
    params, states = declared(params, Param, f"{name}.params"), declared(states, State, f"{name}.states")
    pause = dataclasses.replace(T_REF if reset and holds else PAUSE, default=t_ref)
    return NeuronModel(
        name=name,
        doc=inspect.cleandoc(doc or ""),
        params=(*params, pause),
        states=states,
        options=(
            *((Option("reset", resets, "what becomes of the membrane at a spike"),) if reset else ()),
            _integrator(schemes),
            Option("spike_times", SPIKE_TIMES, "when a spike is: at the end of its step, or where the threshold is crossed"),
            EscapeOption(next((state.unit for state in states if state.membrane), "")),
        ),
        inputs=declared(inputs, Input, f"{name}.inputs"),
        flow=flow,
        fires=fires,
        reset=reset,
        recover=recover,
        schemes=schemes,
        patterns=patterns_of(patterns, name),
        holds=holds,
    )


def _integrator(schemes: Mapping[str, Scheme]) -> Option:
    """The choice among the integrators of a neuron: its own splittings come after "auto"."""
    own = dict.fromkeys(schemes, "this neuron's own splitting, as published: Euler steps of one state after the other")
    found = {"auto": INTEGRATORS["auto"], **own, **{name: said for name, said in INTEGRATORS.items() if name not in own}}
    return Option("integrator", tuple(found), "how time is stepped", INTEGRATOR_ALIASES, found)


def patterns_of(given: Iterable[Pattern], where: str) -> tuple[Pattern, ...]:
    """``given`` as a tuple; ModelError where it is no list of patterns."""
    listed = tuple(given) if isinstance(given, Iterable) else None
    if listed is None or not all(isinstance(pattern, Pattern) for pattern in listed):
        raise ModelError(f"{where}.patterns", "must be a list of Pattern(...)", brief(given))
    return listed
