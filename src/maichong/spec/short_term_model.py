"""What short-term plasticity is: how much of a synapse's weight a spike releases, after the spikes that its source sent before."""

from __future__ import annotations

import dataclasses
import inspect
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from maichong.errors import ModelError, brief, did_you_mean, is_one_of
from maichong.spec.declare import Option, Param, State, declared
from maichong.spec.model import Function, Model, names
from maichong.spec.neuron_model import check_init
from maichong.spec.reading import check_function

STANDARD = "standard"
"""The variant whose functions are the rule's own."""


@dataclass(frozen=True)
class Variant:
    """Another form of a short-term rule: the functions that are not the rule's own, and what of its states starts elsewhere."""

    meaning: str
    elapse: Function | None = None
    release: Function | None = None
    spike: Function | None = None
    init: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, eq=False, repr=False)
class ShortTermModel(Model):
    """A short-term rule: ``elapse`` takes its states on by ``lag`` ms without a spike; a spike releases the part ``release`` of the
    weight, and leaves the states as ``spike`` gives them.

    ``release`` and ``spike`` both see the states as they are when the spike comes. The states belong to the source, since all of
    its synapses in a projection have seen the same spikes, and are worked out when it fires: a step costs nothing.

    ``variants`` are further forms of the rule; where there are some the option ``variant`` chooses among them.
    """

    kind: ClassVar[str] = "short-term rule"
    reserved: ClassVar[tuple[str, ...]] = ("model", "lag")
    composed: ClassVar[re.Pattern[str] | None] = None

    elapse: Function = field(kw_only=True)
    release: Function = field(kw_only=True)
    spike: Function = field(kw_only=True)

    variants: Mapping[str, Variant] = field(default_factory=dict)

    def functions(self) -> Mapping[str, Function]:
        found = {"elapse": self.elapse, "release": self.release, "spike": self.spike}
        for name, variant in self.variants.items():
            own = {role: getattr(variant, role) for role in ("elapse", "release", "spike")}
            found |= {f"{role} ({name})": function for role, function in own.items() if function}
        return found

    def chosen(self, options: Mapping[str, str]) -> ShortTermModel:
        """The rule in the variant that ``options`` name, which has no variants any more."""
        variant = self.variants.get(options.get("variant", STANDARD), Variant(""))
        states = tuple(dataclasses.replace(state, init=variant.init.get(state.name, state.init)) for state in self.states)
        own = {role: getattr(variant, role) or getattr(self, role) for role in ("elapse", "release", "spike")}
        return dataclasses.replace(self, states=states, options=(), variants={}, **own)

    def __post_init__(self) -> None:
        super().__post_init__()
        own = (*names(self.states), *names(self.params))
        check_function(self.elapse, self.name, (*own, "lag"), results=len(self.states))
        check_function(self.release, self.name, own, results=1)
        check_function(self.spike, self.name, own, results=len(self.states))
        check_init(self)
        for name, variant in self.variants.items():
            where = f"{self.name}.variants[{brief(name)}]"
            if not isinstance(variant, Variant):
                raise ModelError(where, "must be a Variant(...)", brief(variant))
            for state in variant.init:
                if not is_one_of(state, names(self.states)):
                    fix = did_you_mean(state, names(self.states))
                    raise ModelError(where, f"starts {brief(state)}, no state", fix=fix)
            self.chosen({"variant": name})  # checks its functions


def short_term(
    name: str,
    *,
    params: Iterable[Param],
    states: Iterable[State],
    elapse: Function,
    release: Function,
    spike: Function,
    variants: Mapping[str, Variant] | None = None,
    doc: str | None = None,
) -> ShortTermModel:
    """Declare a short-term rule from the functions of one file; see :mod:`maichong.synapses.tsodyks_markram`.

    ``variants`` are further forms of it by name, beside "standard".
    """
    variants = dict(variants or {})
    meanings = {STANDARD: "as its equations say", **{form: getattr(made, "meaning", "") for form, made in variants.items()}}
    return ShortTermModel(
        name=name,
        doc=inspect.cleandoc(doc or ""),
        params=declared(params, Param, f"{name}.params"),
        states=declared(states, State, f"{name}.states"),
        options=(Option("variant", tuple(meanings), "which form of the rule", meanings=meanings),) if variants else (),
        elapse=elapse,
        release=release,
        spike=spike,
        variants=variants,
    )
