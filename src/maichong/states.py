"""What the states of a population are called: its own by their names, those of receptors and noise currents by what they belong to.

``v`` is a state of the neurons, ``x->e.g`` the state g of the receptor of the projection (or background) called ``x->e``, and
``noise->e.i`` a noise current. Projections with an equal receptor on the same input share it: then two names are one state.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from maichong.errors import NetworkError, brief, did_you_mean, listed
from maichong.parts import Background, Noise, Population, Projection
from maichong.spec import Configured, NeuronModel, weight_unit

Port = tuple[Configured, str | None]
"""A receptor, and the input that its current goes to."""


@dataclass(frozen=True)
class Place:
    """Where a state is: in the neurons themselves, in the receptor of a ``port``, or in the ``noise`` current called so."""

    state: str
    unit: str
    port: Port | None = None
    noise: str | None = None


def states_of(
    population: Population,
    projections: Iterable[Projection],
    backgrounds: Iterable[Background],
    noises: Iterable[Noise],
) -> dict[str, Place]:
    """All states of ``population`` by their full names; none of a source."""
    if not population.is_neuron or not isinstance(population.model, Configured):
        return {}
    owners = (population.model, *population.plasticity)
    found = {state.name: Place(state.name, state.unit) for owner in owners for state in owner.model.states}
    arriving = [(p.name, p.receptor, p.input) for p in projections if p.post == population.name]
    arriving += [(b.name, b.receptor, b.input) for b in backgrounds if b.target == population.name]
    for name, receptor, input in arriving:
        for state in receptor.model.states:
            unit = re.sub(r"\bweight\b", weight_unit(receptor), state.unit)
            found[f"{name}.{state.name}"] = Place(state.name, unit, (receptor, input))
    assert isinstance(population.model.model, NeuronModel)
    units = {entry.name: entry.unit for entry in population.model.model.inputs}
    mine = [noise for noise in noises if noise.target == population.name]
    return found | {f"{noise.name}.i": Place("i", units[noise.input], noise=noise.name) for noise in mine}


def full_name(what: object, known: Mapping[str, Place], where: str, does: str, beside: tuple[str, ...] = ()) -> str:
    """The full name of the state called ``what``, or one of the words ``beside``; short where but one state is called so.

    NetworkError otherwise: ``does`` says what cannot be done with it.
    """
    if isinstance(what, str) and (what in known or what in beside):
        return what
    alike: dict[Place, str] = {}
    for name, place in known.items():
        if isinstance(what, str) and name.endswith(f".{what}"):
            alike.setdefault(place, name)
    if len(alike) == 1:
        return next(iter(alike.values()))
    if alike:
        raise NetworkError(
            where, f"{brief(what)} is the name of {len(alike)} states", fix=f"give one of {', '.join(alike.values())}"
        )
    names = (*beside, *known)
    hint = did_you_mean(what, names) or ""
    raise NetworkError(where, does, fix=f"{hint} {listed(names)}" if hint.startswith("did") else hint or None)
