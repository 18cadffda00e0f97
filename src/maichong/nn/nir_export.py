"""``to_nir``: a net as a graph of the Neuromorphic Intermediate Representation, for other simulators and for chips."""

from __future__ import annotations

import itertools
import math
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from maichong.errors import EngineError, ParameterError, brief
from maichong.nn.delays import Delay
from maichong.nn.nir_nodes import load, neuron_node
from maichong.nn.pooling import Pool2d
from maichong.nn.recurrent import Recurrent
from maichong.nn.scale import Scale
from maichong.nn.spiking import Spiking
from maichong.nn.timing import BEGINS, ENDS, KEEPS, Bernoulli, over_time, time_of

KNOWN = (
    Spiking, Recurrent, Scale, Delay, Pool2d,
    torch.nn.Linear, torch.nn.Conv1d, torch.nn.Conv2d, torch.nn.AvgPool2d, torch.nn.Flatten,
)  # fmt: skip


def to_nir(net: torch.nn.Sequential, input_shape: Sequence[int]) -> Any:
    """The net as a ``nir.NIRGraph``, of the shape of its input in one step for one sample, such as (1, 28, 28).

    Linear, Conv1d, Conv2d, AvgPool2d, Flatten, Scale and Delay are the nodes of those names, and ``Pool2d`` by mean is
    nir.AvgPool2d. ``Spiking`` with LIF is nir.LIF, with a receptor ``Exponential`` nir.CubaLIF, with ``outputs="v"`` and no
    threshold nir.LI; with IF it is nir.IF. ``Recurrent`` is a graph in the graph, a cycle of neurons and weights. Groups of a
    convolution become zeros. Dropout and Identity do nothing and are left out. Coding and readouts are no part of NIR: Repeat, a
    leading Bernoulli and a closing MeanRate are left out with a warning. ``nir.write(path, graph)`` writes it as HDF5.

    Times become seconds and potentials and currents keep their numbers; see :mod:`maichong.nn.nir_nodes`. Needs
    ``maichong[exchange]``. Source: Pedersen et al. 2024, doi:10.1038/s41467-024-52259-9.

    Raises EngineError that names the layer for what NIR has no node for, and ParameterError for an input shape that is none.

    >>> import torch
    >>> from maichong import LIF
    >>> from maichong.nn import Sequential, Spiking, to_nir
    >>> graph = to_nir(Sequential(torch.nn.Linear(4, 3), Spiking(LIF(tau_m=20.0))), (4,))
    >>> list(graph.nodes), float(graph.nodes["1"].tau[0])
    (['input', '0', '1', 'output'], 0.02)
    """
    nir = load()
    if not isinstance(net, torch.nn.Sequential):
        raise EngineError(
            "to_nir, net", "must be a Sequential", type(net).__name__, "put its layers into maichong.nn.Sequential"
        )
    shape = tuple(input_shape) if isinstance(input_shape, Sequence) else ()
    if not shape or not all(isinstance(n, int) and n > 0 for n in shape):
        raise ParameterError("to_nir, input_shape", "must be whole numbers, such as (1, 28, 28)", brief(input_shape))
    nodes: dict[str, Any] = {"input": nir.Input({"input": np.array(shape)})}
    layers = dict(net.named_children())
    for name, layer in layers.items():
        where = f"to_nir, layer {name!r}"
        if isinstance(layer, (torch.nn.Dropout, torch.nn.Dropout2d, torch.nn.Identity)):
            continue
        if _outside(where, layer, first=len(nodes) == 1, last=name == list(layers)[-1]):
            warnings.warn(f"{where}: {type(layer).__name__} is no part of NIR, and is left out", stacklevel=2)
            continue
        _known(where, layer)
        after = _after(where, layer, shape)
        node = nodes[name] = _node(where, layer, shape)
        found = (node.output_type or {}).get("output")
        if found is not None and tuple(found) != after:
            # nir 1.0 takes kernels and windows for square
            raise EngineError(
                where, f"the package nir says that it gives {tuple(int(n) for n in found)}", after, "use square kernels"
            )
        shape = after
    nodes["output"] = nir.Output({"output": np.array(shape)})
    names = list(nodes)
    return nir.NIRGraph(nodes, list(itertools.pairwise(names)))


def _known(where: str, layer: torch.nn.Module) -> None:
    if not isinstance(layer, KNOWN):
        fix = "fold it into the layer before it, as torch.nn.utils.fusion does" if "BatchNorm" in type(layer).__name__ else None
        raise EngineError(where, "NIR has no node for it", type(layer).__name__, fix)


def _outside(where: str, layer: torch.nn.Module, *, first: bool, last: bool) -> bool:
    """Whether a layer is coding or readout, and stands where it can be left out."""
    kind = time_of(layer)
    if (isinstance(layer, Bernoulli) and not first) or (kind == ENDS and not last):
        raise EngineError(
            where, f"{type(layer).__name__} is no part of NIR", "a layer between others", "export the layers behind it"
        )
    return kind in (BEGINS, ENDS)


def _after(where: str, layer: torch.nn.Module, shape: tuple[int, ...]) -> tuple[int, ...]:
    if isinstance(layer, (Spiking, Recurrent)):
        return shape
    like = next(layer.parameters(), torch.zeros(()))
    try:
        with torch.no_grad():
            x = torch.zeros(1, 1, *shape, dtype=like.dtype, device=like.device)
            return tuple((layer(x) if time_of(layer) == KEEPS else over_time(layer, x)).shape[2:])
    except (RuntimeError, EngineError) as error:
        raise EngineError(where, f"does not take its input: {brief(str(error))}", shape, "check input_shape") from error


def _node(where: str, layer: torch.nn.Module, shape: tuple[int, ...]) -> Any:
    nir = load()
    if isinstance(layer, Spiking):
        return neuron_node(where, layer, shape)
    if isinstance(layer, Recurrent):
        return _recurrent(where, layer, shape)
    if isinstance(layer, Scale):
        return nir.Scale(np.broadcast_to(_array(layer.scale), shape).copy())
    if isinstance(layer, torch.nn.Linear):
        weight = _array(layer.weight)
        return nir.Linear(weight) if layer.bias is None else nir.Affine(weight, _array(layer.bias))
    if isinstance(layer, (torch.nn.Conv1d, torch.nn.Conv2d)):
        return _convolution(where, layer, shape)
    if isinstance(layer, torch.nn.AvgPool2d):
        return _pooling(where, layer)
    if isinstance(layer, Pool2d):
        if layer.by != "mean":
            raise EngineError(where, "NIR pools by mean or by sum", f"by={layer.by!r}", "use by='mean'")
        return nir.AvgPool2d(*map(np.array, (layer.kernel, layer.stride, layer.padding)))
    if isinstance(layer, Delay):
        if layer.trainable:
            fix = "make a Delay of the learned ones, layer.delay.tolist()"
            raise EngineError(where, "NIR delays by whole steps", "learned delays, which lie between steps", fix)
        return nir.Delay(np.broadcast_to(layer.dt / 1000 * _array(layer.whole), shape).copy())
    assert isinstance(layer, torch.nn.Flatten)
    if layer.start_dim != 1 or layer.end_dim != -1:
        raise EngineError(where, "must flatten all features", f"Flatten({layer.start_dim}, {layer.end_dim})", "use Flatten()")
    return nir.Flatten({"input": np.array(shape)}, 0, -1)


def _recurrent(where: str, layer: Recurrent, shape: tuple[int, ...]) -> Any:
    nir = load()
    if layer.outputs not in ("spikes", ("spikes",)):
        raise EngineError(where, "NIR's neurons put out spikes alone", brief(layer.outputs), "use outputs='spikes'")
    nodes = {
        "input": nir.Input({"input": np.array(shape)}), "cells": neuron_node(where, layer.cells, shape),
        "weight": nir.Linear(_array(layer.weight)), "output": nir.Output({"output": np.array(shape)}),
    }  # fmt: skip
    return nir.NIRGraph(nodes, [("input", "cells"), ("cells", "weight"), ("weight", "cells"), ("cells", "output")])


def _convolution(where: str, layer: Any, shape: tuple[int, ...]) -> Any:
    nir = load()
    if layer.padding_mode != "zeros":
        raise EngineError(where, "NIR pads with zeros", f"padding_mode={layer.padding_mode!r}")
    bias = np.zeros(layer.out_channels, np.float32) if layer.bias is None else _array(layer.bias)
    weight = _array(layer.weight)
    if layer.groups > 1:
        # nir 1.0 takes the channels of a group for those of the input: the same convolution with zeros between the groups
        rows, columns = np.divmod(np.arange(weight.size // weight[0, 0].size), weight.shape[1])
        group = rows // (layer.out_channels // layer.groups)
        whole = np.zeros((layer.out_channels, layer.in_channels, *weight.shape[2:]), weight.dtype)
        whole[rows, columns + group * weight.shape[1]] = weight[rows, columns]
        weight = whole
    if isinstance(layer, torch.nn.Conv2d):
        return nir.Conv2d(shape[1:], weight, layer.stride, layer.padding, layer.dilation, 1, bias)
    padding = layer.padding if isinstance(layer.padding, str) else layer.padding[0]
    return nir.Conv1d(shape[1], weight, layer.stride[0], padding, layer.dilation[0], 1, bias)


def _pooling(where: str, layer: torch.nn.AvgPool2d) -> Any:
    nir = load()
    size, stride, padding = (np.array(np.broadcast_to(x, 2)) for x in (layer.kernel_size, layer.stride, layer.padding))
    if layer.ceil_mode or (padding.any() and not layer.count_include_pad):
        raise EngineError(where, "NIR pools whole windows, padding included", brief(layer))
    if layer.divisor_override is None:
        return nir.AvgPool2d(size, stride, padding)
    if layer.divisor_override != 1:
        raise EngineError(
            where, "NIR pools by mean or by sum", f"divisor_override={layer.divisor_override} for {math.prod(size)}"
        )
    return nir.SumPool2d(size, stride, padding)


def _array(value: torch.Tensor) -> np.ndarray:
    return value.detach().cpu().numpy().copy()
