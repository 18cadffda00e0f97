"""A model's text as plain data: what its maker was given, which a network's file can carry."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

from maichong.errors import ModelError, brief
from maichong.spec.declare import Input, Param

if TYPE_CHECKING:
    from maichong.spec.neuron_model import NeuronModel

Pairs = tuple[tuple[str, Any], ...]


@dataclass(frozen=True)
class Text:
    """All that makes a neuron: equal texts make the same model."""

    name: str
    equations: tuple[str, ...]
    threshold: str
    reset: tuple[str, ...] | None
    params: tuple[Param, ...]
    inputs: tuple[Input, ...]
    init: Pairs = ()
    membrane: str | None = None
    meanings: Pairs = ()
    schemes: tuple[tuple[str, tuple[tuple[str, float], ...]], ...] = ()
    t_ref: float = 0.0
    doc: str = ""

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready data."""
        return json.loads(json.dumps(asdict(self)))

    def maker(self) -> Callable[[Any, str], NeuronModel]:
        """What makes the neuron from such data."""
        from maichong.spec.equations import remade  # which needs this file

        return remade


def from_dict(data: Any, where: str) -> Text:
    """What ``Text.to_dict`` wrote; ModelError for data that are none."""
    try:
        given = dict(data)
        given["equations"] = tuple(str(line) for line in given["equations"])
        given["reset"] = None if given["reset"] is None else tuple(str(line) for line in given["reset"])
        given["params"] = tuple(Param(**param) for param in given["params"])
        given["inputs"] = tuple(Input(**entry) for entry in given["inputs"])
        given["init"] = tuple((str(name), value) for name, value in given["init"])
        given["meanings"] = tuple((str(name), str(value)) for name, value in given["meanings"])
        given["schemes"] = tuple(
            (str(name), tuple((str(state), float(part)) for state, part in steps)) for name, steps in given["schemes"]
        )
        text = Text(**{field.name: given.pop(field.name) for field in fields(Text)})
        plain = (text.name, text.threshold, text.doc, text.membrane or "")
        if given or not all(isinstance(value, str) for value in plain) or isinstance(data["equations"], str):
            raise TypeError(f"{sorted(given)}")
        hash(text)
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        raise ModelError(where, "must be a model's text as a network wrote it", brief(error)) from None
    return text
