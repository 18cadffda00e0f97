"""What a neuron of maichong is among the nodes of NIR, and back: seconds and milliseconds, resistances and capacitances.

NIR's leaky neuron is ``tau dv/dt = (v_leak - v) + r I`` with tau in seconds; here it is ``dv/dt = (v_rest - v) / tau_m + i / c_m``
in ms, mV, pA and pF. Potentials and currents keep their numbers, so ``tau = tau_m / 1000`` and ``r = tau_m / c_m``;
of the neuron without a leak, ``dv/dt = r I``, ``r = 1000 / c_m``.

NIR's synapse is ``tau_syn dI/dt = -I + w_in S``, where a spike is, as simulators read it, a pulse of height 1 that lasts a step;
here it adds 1 to I at once, so ``w_in = tau_syn / dt``. NIR fires at ``v > v_threshold`` and we at ``v >= v_th``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from maichong.errors import EngineError, brief
from maichong.neurons.integrate_and_fire import IF
from maichong.neurons.lif import LIF
from maichong.nn.spiking import Spiking
from maichong.synapses.exponential import Exponential

EXACT = torch.zeros((), dtype=torch.float64)
NEVER = 1e30
"""A threshold that no membrane reaches: of a leaky integrator that does not spike."""


def load() -> Any:
    """The package nir; EngineError that says how to get it."""
    try:
        import nir
    except ImportError:
        raise EngineError("NIR", "needs the package nir", fix="pip install 'maichong[exchange]'") from None
    return nir


def neuron_node(where: str, layer: Spiking, shape: tuple[int, ...]) -> Any:
    """The node of a layer of neurons with features of ``shape``; EngineError for what NIR has no node for."""
    nir, model = load(), layer.cell.model
    if model.model.name not in ("LIF", "IF"):
        fix = "use LIF or IF, or export by hand"
        raise EngineError(where, "NIR has nodes for integrate-and-fire neurons", model.model.name, fix)
    if layer.cell.pause:
        raise EngineError(where, "NIR's neurons are not refractory", f"t_ref={brief(model.values['t_ref'])}", "use t_ref=0")
    values = {name: _filled(value, shape) for name, value in layer.params(EXACT).items()}
    leaky = model.model.name == "LIF"
    silent = leaky and layer.outputs == ("v",) and (model.options["reset"] == "none" or bool((values["v_th"] >= NEVER).all()))
    if not silent and layer.outputs != ("spikes",):
        raise EngineError(where, "NIR's neurons put out spikes alone", brief(layer.outputs), "use outputs='spikes'")
    if not silent and model.options["reset"] != "hard":
        raise EngineError(
            where, "NIR's neurons reset to a value", f"reset={model.options['reset']!r}", "train with reset='hard'"
        )
    ports = layer.cell.system.ports
    if not leaky:
        if values["v_0"].any() or ports:
            raise EngineError(where, "NIR's IF starts at 0 and has no synapses", brief(model), "use v_0=0 and no receptor")
        return nir.IF(r=1000 / values["c_m"], v_threshold=values["v_th"], v_reset=values["v_r"])
    tau, r = values["tau_m"] / 1000, values["tau_m"] / values["c_m"]
    if silent and not ports:
        return nir.LI(tau=tau, r=r, v_leak=values["v_rest"])
    spiking = {"r": r, "v_leak": values["v_rest"], "v_threshold": values["v_th"], "v_reset": values["v_r"]}
    if not ports:
        return nir.LIF(tau=tau, **spiking)
    (port,) = ports
    if silent or port.receptor.model.name != "Exponential" or port.receptor.values.get("e_rev") is not None:
        raise EngineError(
            where, "NIR has but exponential currents, into spiking neurons", brief(port.receptor), "use Exponential(tau)"
        )
    tau_syn = values[f"tau{port.suffix}"]
    return nir.CubaLIF(tau_syn=tau_syn / 1000, tau_mem=tau, w_in=tau_syn / layer.cell.dt, **spiking)


def neuron_layer(where: str, node: Any, dt: float, options: dict[str, Any]) -> tuple[Spiking, np.ndarray]:
    """The layer of a node, and by what its input must be multiplied."""
    nir = load()
    if isinstance(node, nir.IF):
        c_m = _inverse(lambda c: 1000 / c, 1000 / np.asarray(node.r, float), node.r)
        values = {"c_m": c_m, "v_0": 0.0, "v_th": node.v_threshold, "v_r": _reset(node)}
        return Spiking(IF(**_alike(values)), dt=dt, **options), np.ones(())
    tau = node.tau_mem if isinstance(node, nir.CubaLIF) else node.tau
    tau_m = _inverse(lambda ms: ms / 1000, np.asarray(tau, float) * 1000, tau)
    c_m = _inverse(lambda c: tau_m / c, tau_m / np.asarray(node.r, float), node.r)
    values = {"tau_m": tau_m, "c_m": c_m, "v_rest": node.v_leak}
    if isinstance(node, nir.LI):
        return Spiking(LIF(**_alike(values), v_th=NEVER), dt=dt, outputs="v", **options), np.ones(())
    model = LIF(**_alike(values | {"v_th": node.v_threshold, "v_r": _reset(node)}))
    if not isinstance(node, nir.CubaLIF):
        return Spiking(model, dt=dt, **options), np.ones(())
    tau_syn = _inverse(lambda ms: ms / 1000, np.asarray(node.tau_syn, float) * 1000, node.tau_syn)
    found = _alike({"tau": tau_syn})["tau"]
    if np.ndim(found):
        raise EngineError(where, "must have one tau_syn for all neurons", brief(node.tau_syn))
    # a pulse of height 1 and length dt adds this to the current
    jump = np.asarray(node.w_in, float) * dt / tau_syn
    return Spiking(model, dt=dt, receptor=Exponential(tau=float(found)), **options), np.where(
        np.isclose(jump, 1, rtol=1e-12), 1.0, jump
    )


def _reset(node: Any) -> np.ndarray:
    return np.zeros_like(node.v_threshold) if node.v_reset is None else node.v_reset


def _filled(value: Any, shape: tuple[int, ...]) -> np.ndarray:
    array = value.detach().cpu().double().numpy()
    return array.reshape(shape).copy() if array.size > 1 else np.full(shape, float(array.reshape(())))


def _alike(values: dict[str, Any]) -> dict[str, Any]:
    """One number where all neurons have the same, else one for each."""
    flat = {name: np.asarray(value, float).reshape(-1) for name, value in values.items()}
    return {name: float(array[0]) if (array == array[0]).all() else array for name, array in flat.items()}


def _inverse(there: Callable[[np.ndarray], np.ndarray], guess: np.ndarray, wanted: Any) -> np.ndarray:
    """The number near ``guess`` whose image is ``wanted`` to the last bit, the shortest such: a round trip changes nothing."""
    found = np.array(guess, float)
    short = np.vectorize(lambda x: float(f"{x:.15g}"), otypes=[float])(found)
    for near in (np.nextafter(found, np.inf), np.nextafter(found, -np.inf), found.astype(np.float32).astype(float), short):
        found = np.where(there(near) == wanted, near, found)
    return found
