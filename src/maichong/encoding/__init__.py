"""Value -> spikes -> value, one file per code; and the sources that spike in networks: Poisson, CorrelatedPoisson.

    >>> from maichong.encoding import LinearLatency
    >>> spikes = LinearLatency(t_max=100.0).encode([0.25, 1.0])
    >>> spikes.times.tolist(), spikes.ids.tolist()
    ([0.0, 75.0], [1, 0])
    >>> LinearLatency(t_max=100.0).decode(spikes).tolist()
    [0.25, 1.0]

| family | codes |
|---|---|
| time to first spike | LinearLatency, LIFLatency, LogLatency |
| phase | LatencyPhase, WeightedPhase |
| filters | BSA, HSA (with a threshold: the modified one) |
| rate | PoissonRate (Poisson's or Bernoulli's), RegularRate |
| neuron dynamics | NeuronDynamics |
| delays and order | DelayCode, RankOrder, BurstCode |
| populations | GaussianReceptiveFields |
| changes | SendOnDelta, StepForward, MovingWindow, ThresholdBased, EventCamera |

All codes are found by ``codes()``, which looks into this package and at the entry points in the group ``maichong.codes``; each can
be imported from here.
"""

from __future__ import annotations

import functools
import importlib
import importlib.metadata
import pkgutil
import warnings
from collections.abc import Mapping
from typing import Any

from maichong.encoding.code import Code
from maichong.encoding.trains import SpikeTrains
from maichong.errors import ParameterError, brief, did_you_mean

__all__ = ["Code", "SpikeTrains", "codes", "find"]


@functools.cache
def codes() -> Mapping[str, type[Code]]:
    """All codes that can be found, by name, in alphabetical order."""
    found: dict[str, type[Code]] = {}
    for entry in pkgutil.iter_modules(__path__):
        if entry.name.startswith("_"):
            continue
        module = importlib.import_module(f"{__name__}.{entry.name}")
        found |= {value.__name__: value for value in vars(module).values() if _is_code(value)}
    for point in importlib.metadata.entry_points(group="maichong.codes"):
        try:
            value = point.load()
        except Exception as error:  # whatever a foreign package raises while it loads
            warnings.warn(f"the code {point.name!r} ({point.value}) cannot be loaded: {brief(error)}", stacklevel=2)
            continue
        if _is_code(value):
            found[value.__name__] = value
    return dict(sorted(found.items()))


def _is_code(value: object) -> bool:
    return isinstance(value, type) and issubclass(value, Code) and not value.__abstractmethods__


def find(name: str) -> type[Code]:
    """The code called ``name``; upper and lower case, - and _ do not matter. ParameterError with a suggestion for another."""
    folded = {known.casefold(): code for known, code in codes().items()}
    wanted = name.casefold().replace("_", "").replace("-", "") if isinstance(name, str) else None
    if wanted not in folded:
        raise ParameterError("code", f"there is none called {brief(name)}", fix=did_you_mean(name, codes()))
    return folded[wanted]


def __getattr__(name: str) -> Any:
    if name[:1].isupper() and name in codes():
        return codes()[name]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
