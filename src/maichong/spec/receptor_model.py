"""What a receptor is: how a spike's arrival becomes a current or a conductance of the target."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from maichong.errors import ModelError
from maichong.spec.declare import Param, State, declared
from maichong.spec.model import Configured, Function, Model, names
from maichong.spec.neuron_model import check_init
from maichong.spec.reading import check_function

E_REV = Param("e_rev", None, "mV", "reversal potential: with it the weight is a conductance in nS, without it a current in pA")


@dataclass(frozen=True, eq=False, repr=False)
class ReceptorModel(Model):
    """A receptor: ``arrive`` gives the jump of each state for a unit weight, ``flow`` their course, ``output`` the result.

    With a reversal potential ``e_rev`` the output is a conductance g and drives the target with g (e_rev - v); without one
    it is a current. A receptor without states jumps the membrane itself (``jumps_membrane``), by its weight in mV.
    """

    kind: ClassVar[str] = "receptor"
    reserved: ClassVar[tuple[str, ...]] = ("model", "w", "v")
    taken: ClassVar[tuple[str, ...]] = ("out", "current")

    arrive: Function = field(kw_only=True)
    flow: Function | None = None
    output: Function | None = None

    @property
    def jumps_membrane(self) -> bool:
        """Whether a spike jumps the target's membrane directly."""
        return not self.states

    def functions(self) -> Mapping[str, Function]:
        given = {"flow": self.flow, "arrive": self.arrive, "output": self.output}
        return {role: function for role, function in given.items() if function is not None}

    def __post_init__(self) -> None:
        super().__post_init__()
        states, params = names(self.states), names(self.params)
        if bool(states) != (self.flow is not None and self.output is not None):
            raise ModelError(self.name, "a receptor with states needs flow and output, one without has neither")
        check_function(self.arrive, self.name, ("w", *params), results=max(len(states), 1))
        if self.flow and self.output:
            check_function(self.flow, self.name, (*states, *params), results=len(states))
            check_function(self.output, self.name, (*states, *params, "v"), results=1)
        check_init(self)


def weight_unit(receptor: Configured) -> str:
    """The unit of a weight onto ``receptor``: mV, pA or nS."""
    model = receptor.model
    if isinstance(model, ReceptorModel) and model.jumps_membrane:
        return "mV"
    return "pA" if receptor.values.get("e_rev") is None else "nS"


def receptor(
    name: str,
    *,
    arrive: Function,
    params: Iterable[Param] = (),
    states: Iterable[State] = (),
    flow: Function | None = None,
    output: Function | None = None,
    doc: str | None = None,
) -> ReceptorModel:
    """Declare a receptor from the functions of one file; every receptor with states also has ``e_rev``."""
    states = declared(states, State, f"{name}.states")
    return ReceptorModel(
        name=name,
        doc=inspect.cleandoc(doc or ""),
        params=(*declared(params, Param, f"{name}.params"), *((E_REV,) if states else ())),
        states=states,
        arrive=arrive,
        flow=flow,
        output=output,
    )
