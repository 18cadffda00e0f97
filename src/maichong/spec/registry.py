"""Finding models by name: whatever stands in the model packages, and whatever other packages announce.

Nothing is registered by hand. A model is found because its file lies in its package, or because an installed package has an
entry point in the group ``maichong.models``.
"""

from __future__ import annotations

import functools
import importlib
import importlib.metadata
import pkgutil
import warnings
from collections.abc import Mapping

from maichong.errors import ModelError, brief, did_you_mean
from maichong.spec.model import Model

PACKAGES = (
    "maichong.neurons",
    "maichong.synapses",
    "maichong.plasticity.micro",
    "maichong.plasticity.meso",
    "maichong.plasticity.macro",
    "maichong.encoding",
)


@functools.cache
def models() -> Mapping[str, Model]:
    """All models that can be found, by name."""
    found: dict[str, Model] = {}
    for package_name in PACKAGES:
        package = importlib.import_module(package_name)
        for entry in sorted(pkgutil.iter_modules(package.__path__), key=lambda entry: entry.name):
            if entry.name.startswith("_"):
                continue
            module = importlib.import_module(f"{package_name}.{entry.name}")
            for value in vars(module).values():
                if isinstance(value, Model):
                    found[value.identifier] = value
    for point in importlib.metadata.entry_points(group="maichong.models"):
        try:
            value = point.load()
        except Exception as error:  # whatever a foreign package raises while it loads
            warnings.warn(f"the model {point.name!r} ({point.value}) cannot be loaded: {brief(error)}", stacklevel=2)
            continue
        if isinstance(value, Model):
            found[value.identifier] = value
    return found


def find(name: str) -> Model:
    """The model called ``name`` (upper and lower case and underscores do not matter); ModelError with a suggestion."""
    folded = {_fold(known): model for known, model in models().items()}
    if isinstance(name, str) and _fold(name) in folded:
        return folded[_fold(name)]
    raise ModelError("model", f"there is none called {brief(name)}", fix=did_you_mean(name, models()))


def _fold(name: str) -> str:
    return name.casefold().replace("_", "").replace("-", "")


def kinds() -> Mapping[str, list[Model]]:
    """All models by kind (neuron, receptor, rule, ...), each list sorted by name."""
    grouped: dict[str, list[Model]] = {}
    for model in models().values():
        grouped.setdefault(model.kind, []).append(model)
    return {kind: sorted(group, key=lambda model: model.name) for kind, group in sorted(grouped.items())}
