"""What a receptor is: how a spike's arrival becomes a current or a conductance of the target."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from maichong.errors import ModelError, ParameterError, did_you_mean
from maichong.ops import exp
from maichong.spec.declare import Param, State, Symbol, declared
from maichong.spec.model import Configured, Function, Model, names
from maichong.spec.neuron_model import check_init
from maichong.spec.reading import check_function
from maichong.spec.symbolic import expressions

E_REV = Param("e_rev", None, "mV", "reversal potential: with it the weight is a conductance in nS, without it a current in pA")
MG = Param(
    "mg", None, "mM", "magnesium outside: with it the conductance is blocked at rest, and opens as the membrane rises", low=0
)


def unblocked(g, v, mg):
    """The part of a conductance that magnesium leaves open (Jahr & Stevens 1990, doi:10.1523/JNEUROSCI.10-09-03178.1990)."""
    return g / (1.0 + mg / 3.57 * exp(-0.062 * v))


@dataclass(frozen=True, eq=False, repr=False)
class ReceptorModel(Model):
    """A receptor: ``arrive`` gives the jump of each state for a unit weight, ``flow`` their course, ``output`` the result.

    With a reversal potential ``e_rev`` the output is a conductance g and drives the target with g (e_rev - v), less what magnesium
    ``mg`` blocks, v being the potential of the input that it is on; without one it is a current. A receptor without states jumps
    the membrane itself (``jumps_membrane``), by its weight in mV.

    A receptor that saturates has states of each source, ``source``, which ``elapse`` takes on by ``lag`` ms; a spike calls
    ``arrive`` with them as they are. All synapses of a source see its spikes alike, so that a step costs nothing for each.

    Where transmitter stays for a while there is the parameter ``pulse``, how long, and ``elapse`` may ask whether it is there,
    ``bound`` (1 or 0): a spike makes it 1, one within the pulse prolongs it, and when it is over ``leave`` gives a second jump.
    Otherwise the states jump at a spike: ``spike`` gives what they are after it.

    ``validate`` raises ParameterError where values do not fit together.
    """

    kind: ClassVar[str] = "receptor"
    reserved: ClassVar[tuple[str, ...]] = ("model", "w", "v", "lag", "bound")
    taken: ClassVar[tuple[str, ...]] = ("out", "current", "open")

    arrive: Function = field(kw_only=True)
    flow: Function | None = None
    output: Function | None = None
    source: tuple[State, ...] = ()
    pulse: str | None = None
    elapse: Function | None = None
    leave: Function | None = None
    spike: Function | None = None
    validate: Callable[[Configured], None] | None = None
    weight: str | None = None
    """The unit of a weight, where it is neither that of a conductance nor of a current."""

    @property
    def jumps_membrane(self) -> bool:
        """Whether a spike jumps the target's membrane directly."""
        return not self.states

    @property
    def jumping(self) -> tuple[str, ...]:
        """The states that a spike may jump."""
        found = [expressions(function) for function in (self.arrive, self.leave) if function]
        states = names(self.states)
        return tuple(name for name, *jumps in zip(states, *found, strict=True) if any(jump != 0 for jump in jumps))

    def symbols(self) -> tuple[Symbol, ...]:
        return (*super().symbols(), *self.source)

    def functions(self) -> Mapping[str, Function]:
        given = {role: getattr(self, role) for role in ("flow", "arrive", "output", "elapse", "leave", "spike")}
        return {role: function for role, function in given.items() if function is not None}

    def __post_init__(self) -> None:
        super().__post_init__()
        states, params, source = names(self.states), names(self.params), names(self.source)
        if bool(states) != (self.flow is not None and self.output is not None):
            raise ModelError(self.name, "a receptor with states needs flow and output, one without has neither")
        if bool(source) != (self.elapse is not None):
            raise ModelError(self.name, "source and elapse go together")
        if (self.pulse is None) != (self.leave is None):
            raise ModelError(self.name, "pulse and leave go together")
        if (self.pulse is not None) + (self.spike is not None) != bool(source):
            raise ModelError(self.name, "the states of a source change by pulse and leave, or by spike")
        if self.pulse is not None and self.pulse not in params:
            raise ModelError(f"{self.name}.pulse", f"{self.pulse!r} is no parameter", fix=did_you_mean(self.pulse, params))
        seen = (*source, "bound") if self.pulse else source
        check_function(self.arrive, self.name, ("w", *params, *seen), results=max(len(states), 1))
        if self.flow and self.output:
            check_function(self.flow, self.name, (*states, *params), results=len(states))
            check_function(self.output, self.name, (*states, *params, "v"), results=1)
        if self.elapse:
            check_function(self.elapse, self.name, (*seen, *params, "lag"), results=len(source))
        if self.spike:
            check_function(self.spike, self.name, (*source, *params), results=len(source))
        if self.leave:
            check_function(self.leave, self.name, ("w", *params, *source), results=len(states))
        check_init(self)

    def check(self, configured: Configured) -> None:
        if configured.values.get("mg") is not None and configured["e_rev"] is None:
            raise ParameterError(f"{self.name}.mg", "blocks a conductance, and this is a current", fix="set e_rev too")
        if self.validate:
            self.validate(configured)


def weight_unit(receptor: Configured) -> str:
    """The unit of a weight onto ``receptor``: mV, pA or nS."""
    model = receptor.model
    if isinstance(model, ReceptorModel) and model.jumps_membrane:
        return "mV"
    if isinstance(model, ReceptorModel) and model.weight is not None:
        return model.weight
    return "pA" if receptor.values.get("e_rev") is None else "nS"


def receptor(
    name: str,
    *,
    arrive: Function,
    params: Iterable[Param] = (),
    states: Iterable[State] = (),
    flow: Function | None = None,
    output: Function | None = None,
    source: Iterable[State] = (),
    pulse: str | None = None,
    elapse: Function | None = None,
    leave: Function | None = None,
    spike: Function | None = None,
    validate: Callable[[Configured], None] | None = None,
    e_rev: float | None = None,
    mg: float | None = None,
    weight: str | None = None,
    doc: str | None = None,
) -> ReceptorModel:
    """Declare a receptor from the functions of one file; every receptor with states also has ``e_rev`` and ``mg``.

    One that is a conductance by nature gives its reversal potential, and the magnesium that blocks it, as defaults.
    """
    states = declared(states, State, f"{name}.states")
    common = (dataclasses.replace(E_REV, default=e_rev), dataclasses.replace(MG, default=mg, optional=True))
    return ReceptorModel(
        name=name,
        doc=inspect.cleandoc(doc or ""),
        params=(*declared(params, Param, f"{name}.params"), *(common if states else ())),
        states=states,
        arrive=arrive,
        flow=flow,
        output=output,
        source=declared(source, State, f"{name}.source"),
        pulse=pulse,
        elapse=elapse,
        leave=leave,
        spike=spike,
        validate=validate,
        weight=weight,
    )
