"""maichong's own row of the training of a network: the same command line, and the same measuring, as the peers' scripts."""

from __future__ import annotations

import importlib
import sys
from typing import Any

from maichong.bench.environments import SCRIPTS


def neurons(c: Any, recurrent: Any) -> Any:
    """A layer of LIF neurons, whose capacitance is such that 1 pA in a step moves them by 1 mV."""
    from maichong import LIF
    from maichong.nn import Recurrent, Spiking

    cell = LIF(tau_m=c.tau_m, c_m=c.tau_m * (1.0 - c.beta), v_rest=0.0, v_th=c.v_th, v_r=0.0)
    how = {"dt": c.dt, "surrogate": "arctangent", "detach_reset": True}
    if recurrent is None:
        return Spiking(cell, **how)
    found = Recurrent(recurrent.in_features, cell, **how)
    (recurrent.weight,) = found.parameters()  # one weight, which a Net sets and looks at
    return found


def stacked(net: Any) -> Any:
    """The layers of a net as one ``Sequential``, as a user would write them."""
    import torch

    from maichong.nn import Sequential

    layers: list[Any] = []
    for layer, sums, cells in zip(net.layers, net.sums, net.neurons, strict=True):
        if layer["kind"] != "conv":
            layers.append(torch.nn.Flatten())
        layers += [sums, cells]
        if layer["pool"] > 1:
            layers.append(torch.nn.AvgPool2d(layer["pool"]))
    return Sequential(*layers)


def main() -> None:
    """Train the network, time it and write what was measured."""
    from maichong import __version__

    for library in ("maichong.nn", "sympy"):  # as the peers' scripts have their libraries before memory is measured
        importlib.import_module(library)
    sys.path.insert(0, str(SCRIPTS))
    importlib.import_module("deep_task").run(__doc__, __version__, neurons, whole=stacked)


if __name__ == "__main__":
    main()
