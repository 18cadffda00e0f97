"""Networks as data that JSON and plain arrays can hold, and back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from maichong.errors import MaichongError, NetworkError, brief
from maichong.parts import SpikeTimes
from maichong.parts_data import (
    background_to_dict,
    gap_junctions_to_dict,
    noise_to_dict,
    plain_arrays,
    plain_value,
    plain_values,
    population_to_dict,
    projection_to_dict,
)
from maichong.spec import Configured
from maichong.spec.model import configure, same_value
from maichong.spec.registry import find
from maichong.topology import from_dict as connector_from_dict

FORMAT = 1


def write_network(net: Any) -> dict[str, Any]:
    """A network as JSON-ready data; arrays stay arrays.

    Models are known by name, all but those made from text, as cables or of several rules, which are written down here. Raises
    NetworkError where two of these have one name.
    """
    texts = _texts(net)
    return {
        "format": FORMAT,
        **({"models": texts} if texts else {}),
        "dt": net.dt,
        "seed": net.seed,
        "populations": [population_to_dict(population) for population in net.populations.values()],
        "projections": [projection_to_dict(projection) for projection in net.projections.values()],
        "backgrounds": [background_to_dict(background) for background in net.backgrounds.values()],
        "noises": [noise_to_dict(noise) for noise in net.noises.values()],
        "gap_junctions": [gap_junctions_to_dict(gap) for gap in net.gaps.values()],
        "probes": [probe.to_dict() for probe in net.probes],
    }


def _listed(given: Any, expected: str) -> list[Any] | tuple[Any, ...]:
    if not isinstance(given, (list, tuple)):
        raise NetworkError("network, models", expected, brief(given))
    return given


def _texts(net: Any) -> list[dict[str, Any]]:
    """The texts of a network's models, of those that were made from text."""
    found: dict[str, Any] = {}
    for population in net.populations.values():
        model = population.model.model if isinstance(population.model, Configured) else None
        text = getattr(model, "text", None)
        if model is None or text is None:
            continue
        if found.setdefault(model.identifier, text) != text:
            where = f"population {population.name!r}"
            raise NetworkError(
                where, f"another model of this network is called {model.identifier!r} too", fix="give it name='...'"
            )
    rules = (rule.model for projection in net.projections.values() for rule in projection.plasticity)
    combined = {model.identifier: {"combined": list(model.parts)} for model in rules if model.parts}
    return [*(text.to_dict() for text in found.values()), *combined.values()]


def _remade(recipe: Any, where: str) -> Any:
    """The model of a recipe that ``write_network`` wrote."""
    if isinstance(recipe, Mapping) and "parents" in recipe:
        from maichong.neurons.cable import remade
    else:
        from maichong.spec.equations import remade  # pint and sympy load with it
    return remade(recipe, where)


def read_network(network: Callable[..., Any], data: Mapping[str, Any], models: Iterable[Any]) -> Any:
    """The network that ``write_network`` wrote, made by the class ``network``; NetworkError for data that are none."""
    expected = "the data must be what Network.to_dict wrote"
    if not isinstance(data, Mapping):
        raise NetworkError("network", expected, brief(data))
    if not same_value(data.get("format", FORMAT), FORMAT):
        raise NetworkError("network", f"its format must be {FORMAT}", brief(data["format"]), "update maichong")

    own: dict[str, Any] = {}
    recipes = _listed(data.get("models", ()), expected)
    for recipe in recipes:
        if not isinstance(recipe, Mapping) or "combined" not in recipe:
            made = _remade(recipe, "network, models")
            own[made.identifier] = made
    own |= {model.identifier: model for model in models}
    for recipe in recipes:
        if isinstance(recipe, Mapping) and "combined" in recipe:
            from maichong.plasticity.combined import remade

            made = remade(recipe["combined"], lambda name: own.get(name) or find(name), "network, models")
            own[made.identifier] = made

    def configured(entry: Mapping[str, Any]) -> Configured:
        name = entry["model"]
        return configure(own.get(name) or find(name), entry)

    try:
        net = network(data["dt"], data["seed"])
        for entry in data["populations"]:
            kind = entry["model"]
            given = "times" in kind
            model = SpikeTimes(kind["times"], kind["ids"], kind.get("exact", False)) if given else configured(kind)
            net.population(
                entry["name"], model, entry["n"],
                init=plain_values(entry["init"]), drive=plain_values(entry["drive"]) or None,
                plasticity=[configured(rule) for rule in entry["plasticity"]], sign=entry.get("sign"),
            )  # fmt: skip
        for entry in data["projections"]:
            net.project(
                entry["pre"], entry["post"], connector_from_dict(plain_arrays(entry["connector"])), name=entry["name"],
                weight=plain_value(entry["weight"]), delay=plain_value(entry["delay"]), input=entry["input"],
                receptor=configured(entry["receptor"]), plasticity=[configured(rule) for rule in entry["plasticity"]],
                short_term=configured(entry["short_term"]) if entry.get("short_term") else None,
                dendritic_delay=plain_value(entry.get("dendritic_delay")),
            )  # fmt: skip
        for entry in data.get("backgrounds", ()):
            net.background(
                entry["target"], rate=plain_value(entry["rate"]), weight=plain_value(entry["weight"]),
                receptor=configured(entry["receptor"]), input=entry["input"], name=entry["name"],
            )  # fmt: skip
        for entry in data.get("noises", ()):
            numbers = {what: plain_value(entry[what]) for what in ("mean", "sigma", "tau")}
            net.noise(entry["target"], **numbers, input=entry["input"], name=entry["name"])
        for entry in data.get("gap_junctions", ()):
            net.gap_junctions(
                entry["a"], entry["b"], connector_from_dict(plain_arrays(entry["connector"])), name=entry["name"],
                conductance=plain_value(entry["conductance"]),
            )  # fmt: skip
        for entry in data["probes"]:
            when = {name: entry[name] for name in ("every", "start", "stop")}
            if "projection" in entry:
                net.probe_weights(entry["projection"], synapses=entry["synapses"], **when)
            else:
                net.probe(entry["population"], entry["what"], cells=entry["cells"], **when)
    except MaichongError:
        raise
    except (KeyError, IndexError, TypeError, AttributeError, ValueError) as error:
        raise NetworkError("network", expected, f"{error!r}") from None
    return net
