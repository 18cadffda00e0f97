"""What short-term plasticity is: how much of a synapse's weight a spike releases, after the spikes that its source sent before."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from maichong.spec.declare import Param, State, declared
from maichong.spec.model import Function, Model, names
from maichong.spec.neuron_model import check_init
from maichong.spec.reading import check_function


@dataclass(frozen=True, eq=False, repr=False)
class ShortTermModel(Model):
    """A short-term rule: ``elapse`` takes its states on by ``lag`` ms without a spike; a spike releases the part ``release`` of the
    weight, and leaves the states as ``spike`` gives them.

    ``release`` and ``spike`` both see the states as they are when the spike comes. The states belong to the source, since all of
    its synapses in a projection have seen the same spikes, and are worked out when it fires: a step costs nothing.
    """

    kind: ClassVar[str] = "short-term rule"
    reserved: ClassVar[tuple[str, ...]] = ("model", "lag")
    composed: ClassVar[re.Pattern[str] | None] = None

    elapse: Function = field(kw_only=True)
    release: Function = field(kw_only=True)
    spike: Function = field(kw_only=True)

    def functions(self) -> Mapping[str, Function]:
        return {"elapse": self.elapse, "release": self.release, "spike": self.spike}

    def __post_init__(self) -> None:
        super().__post_init__()
        own = (*names(self.states), *names(self.params))
        check_function(self.elapse, self.name, (*own, "lag"), results=len(self.states))
        check_function(self.release, self.name, own, results=1)
        check_function(self.spike, self.name, own, results=len(self.states))
        check_init(self)


def short_term(
    name: str,
    *,
    params: Iterable[Param],
    states: Iterable[State],
    elapse: Function,
    release: Function,
    spike: Function,
    doc: str | None = None,
) -> ShortTermModel:
    """Declare a short-term rule from the functions of one file; see :mod:`maichong.synapses.tsodyks_markram`."""
    return ShortTermModel(
        name=name,
        doc=inspect.cleandoc(doc or ""),
        params=declared(params, Param, f"{name}.params"),
        states=declared(states, State, f"{name}.states"),
        elapse=elapse,
        release=release,
        spike=spike,
    )
