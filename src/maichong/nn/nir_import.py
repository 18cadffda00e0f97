"""``from_nir``: a graph of the Neuromorphic Intermediate Representation as a net."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

from maichong.errors import EngineError, brief
from maichong.nn.delays import Delay
from maichong.nn.nir_nodes import load, neuron_layer
from maichong.nn.recurrent import Recurrent
from maichong.nn.scale import Scale
from maichong.nn.sequential import Sequential
from maichong.nn.spiking import Spiking


def from_nir(graph: Any, *, dt: float = 1.0, **options: Any) -> Sequential:
    """The net of a ``nir.NIRGraph`` that is a chain of nodes, its neurons stepped by ``dt`` ms; of ``nir.read(path)``, say.

    ``options`` are those of ``Spiking``, such as ``surrogate`` and ``engine``. Nodes are layers as ``to_nir`` has it, and SumPool2d
    is an AvgPool2d that divides by 1. Delays are rounded to steps of ``dt``. A graph in the graph is a chain, or a cycle of neurons
    and weights, which is a ``Recurrent``.
    Membranes start at v_leak, those of IF at 0. What went through ``to_nir`` and a file gives the same spikes, bit for bit, at the
    same ``dt``.

    Needs ``maichong[exchange]``. Source: Pedersen et al. 2024, doi:10.1038/s41467-024-52259-9. Not for graphs that branch.

    Raises EngineError that names the node for one that has no layer, and for a graph that is no chain.
    """
    nir = load()
    if not isinstance(graph, nir.NIRGraph):
        raise EngineError("from_nir, graph", "must be a nir.NIRGraph", brief(graph), "read a file with nir.read(path)")
    net = Sequential()
    for name, layer in _layers(graph, "", dt, options):
        net.add_module(name.replace(".", "_"), layer)
    return net


def _layers(graph: Any, prefix: str, dt: float, options: dict[str, Any]) -> Iterator[tuple[str, torch.nn.Module]]:
    nir = load()
    for name in _chain(graph, prefix):
        node, where = graph.nodes[name], f"from_nir, node {prefix + name!r}"
        if isinstance(node, nir.NIRGraph):
            cycle = _cycle(node)
            if cycle is None:
                yield from _layers(node, f"{prefix}{name}.", dt, options)
                continue
            cells, factor = neuron_layer(where, cycle[0], dt, options)
            layer: torch.nn.Module = _recurrent(where, cells, factor, cycle[1], dt, options)
        elif isinstance(node, (nir.LIF, nir.CubaLIF, nir.LI, nir.IF)):
            layer, factor = neuron_layer(where, node, dt, options)
            if np.any(factor != 1):
                yield f"{prefix}{name}_in", Scale(factor)
        else:
            layer = _layer(where, node, dt)
        yield prefix + name, layer


def _chain(graph: Any, prefix: str) -> list[str]:
    """The names of the nodes between the input and the output, in order."""
    nir = load()
    starts = [name for name, node in graph.nodes.items() if isinstance(node, nir.Input)]
    ends = [name for name, node in graph.nodes.items() if isinstance(node, nir.Output)]
    where = f"from_nir, graph {prefix.rstrip('.')!r}" if prefix else "from_nir, graph"
    if len(starts) != 1 or len(ends) != 1:
        raise EngineError(where, "must have one Input and one Output", f"{len(starts)} and {len(ends)}")
    after: dict[str, list[str]] = {}
    for source, target in graph.edges:
        after.setdefault(source, []).append(target)
    found, here = [], starts[0]
    while here != ends[0]:
        following = after.get(here, [])
        if len(following) != 1:
            fix = "a Sequential is one chain; put neurons and their recurrent weights into a graph of their own"
            raise EngineError(where, "must be a chain of nodes", f"{here!r} leads to {following or 'nothing'}", fix)
        here = following[0]
        if here in found:
            raise EngineError(
                where, "must be a chain of nodes", f"a cycle at {here!r}", "put the cycle into a graph of its own"
            )
        found.append(here)
    return found[:-1]


def _cycle(graph: Any) -> tuple[Any, Any] | None:
    """The neurons and the weights of a graph where each leads to the other."""
    nir = load()
    edges = set(graph.edges)
    for one, other in edges:
        cells, weight = graph.nodes[one], graph.nodes[other]
        pair = isinstance(cells, (nir.LIF, nir.CubaLIF, nir.IF)) and isinstance(weight, (nir.Linear, nir.Affine))
        if pair and (other, one) in edges and len(graph.nodes) == 4:
            return cells, weight
    return None


def _recurrent(where: str, cells: Spiking, factor: np.ndarray, node: Any, dt: float, options: dict[str, Any]) -> Recurrent:
    if np.any(factor != 1):
        raise EngineError(
            where, f"must have w_in = tau_syn / dt in a cycle, at dt = {dt:g} ms", brief(factor), "use the dt of its maker"
        )
    if np.any(getattr(node, "bias", 0)):
        raise EngineError(where, "its recurrent weights may have no bias", fix="add it to the layer before")
    port = cells.cell.system.ports[0].receptor if cells.cell.system.ports else None
    layer = Recurrent(len(node.weight), cells.cell.model, dt=dt, receptor=port, **options)
    layer.weight = _parameter(node.weight)
    return layer


def _layer(where: str, node: Any, dt: float) -> torch.nn.Module:
    nir = load()
    if isinstance(node, (nir.Linear, nir.Affine)):
        biased = isinstance(node, nir.Affine)
        linear = torch.nn.Linear(*node.weight.shape[::-1], bias=biased)
        linear.weight = _parameter(node.weight)
        if biased:
            linear.bias = _parameter(node.bias)
        return linear
    if isinstance(node, (nir.Conv1d, nir.Conv2d)):
        kind = torch.nn.Conv1d if isinstance(node, nir.Conv1d) else torch.nn.Conv2d
        padding = node.padding if isinstance(node.padding, str) else _numbers(node.padding)
        channels, size = node.weight.shape[:2], node.weight.shape[2:]
        groups = int(node.groups)
        convolution = kind(
            channels[1] * groups, channels[0], size, _numbers(node.stride), padding, _numbers(node.dilation), groups,
            bias=bool(np.any(node.bias)),
        )  # fmt: skip
        convolution.weight = _parameter(node.weight)
        if convolution.bias is not None:
            convolution.bias = _parameter(node.bias)
        return convolution
    if isinstance(node, (nir.AvgPool2d, nir.SumPool2d)):
        divisor = 1 if isinstance(node, nir.SumPool2d) else None
        return torch.nn.AvgPool2d(*map(_numbers, (node.kernel_size, node.stride, node.padding)), divisor_override=divisor)
    if isinstance(node, nir.Flatten):
        return torch.nn.Flatten()
    if isinstance(node, nir.Scale):
        return Scale(node.scale)
    if isinstance(node, nir.Delay):
        delay = np.asarray(node.delay, float) * 1000
        return Delay(delay.shape, delay, dt=dt)
    layers = (
        "LIF",
        "CubaLIF",
        "IF",
        "LI",
        "Linear",
        "Affine",
        "Conv1d",
        "Conv2d",
        "AvgPool2d",
        "SumPool2d",
        "Flatten",
        "Delay",
    )
    fix = f"nodes with layers are {', '.join(layers)} and Scale"
    raise EngineError(where, "there is no layer for it", type(node).__name__, fix)


def _numbers(value: Any) -> Any:
    found = tuple(int(n) for n in np.ravel(value))
    return found[0] if len(found) == 1 else found


def _parameter(value: Any) -> torch.nn.Parameter:
    return torch.nn.Parameter(torch.as_tensor(np.array(value)))
