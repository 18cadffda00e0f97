"""maichong (脉冲, "pulse, spike"): spiking neural networks, from one synapse to a trained network.

    >>> from maichong import LIF, Network
    >>> net = Network(dt=0.1, seed=1)
    >>> cell = net.population("cell", LIF(tau_m=10.0), 1, drive=1000.0)
    >>> run = net.build("reference").run(20.0)
    >>> float(run["cell"].spikes.times[0].round(6))
    4.8

Every model and every code of the catalogue can be imported from here by its name; ``maichong list`` shows them.
"""

from __future__ import annotations

from typing import Any

__version__ = "0.1.0"

_PLACES = {
    "Network": "maichong.network",
    "SpikeTimes": "maichong.network",
    "AllButSelf": "maichong.topology",
    "AllToAll": "maichong.topology",
    "Blocks": "maichong.topology",
    "Convolution": "maichong.topology",
    "ExplicitList": "maichong.topology",
    "FixedInDegree": "maichong.topology",
    "FixedOutDegree": "maichong.topology",
    "FixedProbability": "maichong.topology",
    "FixedTotalNumber": "maichong.topology",
    "OneToOne": "maichong.topology",
    "PreferentialAttachment": "maichong.topology",
    "ScaleFree": "maichong.topology",
    "SmallWorld": "maichong.topology",
    "DistanceKernel": "maichong.spec",
    "DistanceProbability": "maichong.topology",
    "Escape": "maichong.spec",
    "Gate": "maichong.plasticity.combined",
    "Sequence": "maichong.plasticity.combined",
    "Sum": "maichong.plasticity.combined",
    "LogNormal": "maichong.spec",
    "NeuronModel": "maichong.spec",
    "Normal": "maichong.spec",
    "Steps": "maichong.spec",
    "Uniform": "maichong.spec",
    "MaichongError": "maichong.errors",
    "open_recording": "maichong.engines",
    "resume": "maichong.engines",
}


def __getattr__(name: str) -> Any:
    # everything loads on first use, so that ``import maichong`` stays quick
    import importlib

    if name in _PLACES:
        return getattr(importlib.import_module(_PLACES[name]), name)
    if name == "__all__":
        return sorted([*_PLACES, *_models(), *_codes()])
    if name[:1].isupper():
        for found in (_models(), _codes()):
            if name in found:
                return found[name]
    raise AttributeError(f"module 'maichong' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_PLACES, *_models(), *_codes()])


def _models() -> Any:
    import importlib

    return importlib.import_module("maichong.spec.registry").models()


def _codes() -> Any:
    import importlib

    return importlib.import_module("maichong.encoding").codes()
