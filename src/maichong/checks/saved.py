"""The check that a model, and a network with it, comes back equal from whatever it is written to."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from maichong.checks.networks import scenes
from maichong.checks.outcome import Failed
from maichong.checks.values import BOUNDS, nearby, varied
from maichong.network import Network
from maichong.spec import Configured, Model, NeuronModel, SourceModel, Steps, Uniform
from maichong.spec.model import configure


def serialises(model: Model) -> None:
    """Values survive JSON; a network survives ``to_dict``, a JSON file and a bundle of arrays."""
    for configured in _configurations(model):
        text = json.dumps(configured.to_dict(), default=np.ndarray.tolist)
        if configure(model, json.loads(text)) != configured:
            raise Failed(f"{configured!r} is not what comes back from {text}")
    for scene in scenes(model):
        _same(scene.network, Network.from_dict(scene.network.to_dict(), [model]), "to_dict")
        with tempfile.TemporaryDirectory() as folder:
            for file in ("network.json", "network.npz"):
                path = scene.network.save(Path(folder) / file)
                _same(scene.network, Network.load(path, [model]), file)


def _configurations(model: Model) -> Iterator[Configured]:
    yield model()
    yield varied(model)
    if isinstance(model, NeuronModel | SourceModel):  # their parameters may differ from neuron to neuron
        for param in model.params:
            if param.static or param.default is None or param.name in BOUNDS:
                continue
            ends = sorted((param.default, nearby(param)))
            if isinstance(model, SourceModel):
                yield model(**{param.name: Steps([0.0, 5.0], ends)})
                if model.copy:
                    continue
            yield model(**{param.name: np.array(ends)})
            yield model(**{param.name: Uniform(*ends)})


def _same(before: Network, after: Network, way: str) -> None:
    if before != after:
        raise Failed(f"a network with it does not come back equal from {way}")
