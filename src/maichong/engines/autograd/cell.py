"""A neuron as a recurrent cell: its system, how a step goes, and the numbers of a step as torch tensors of its parameters."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch

from maichong import ops
from maichong.engines.events.stepping import Coefficients
from maichong.engines.integration import Integration, Propagator, choose, flows_of, generator, reached
from maichong.engines.system import System, compose
from maichong.errors import EngineError, ParameterError, brief, did_you_mean
from maichong.parts import Population
from maichong.spec import Configured, Distribution, Escape, NeuronModel, Steps
from maichong.spec.reading import arguments, rebind
from maichong.spec.symbolic import symbol

SPECIAL: dict[str, Callable[..., Any]] = {
    "power": torch.pow, "arctan": torch.atan, "absolute": torch.abs,
    "minimum": lambda a, b: torch.minimum(*_tensors(a, b)), "maximum": lambda a, b: torch.maximum(*_tensors(a, b)),
    "where": lambda test, a, b: torch.where(test, a, b),
}  # fmt: skip


def _tensors(*values: Any) -> tuple[torch.Tensor, ...]:
    like = next((value for value in values if isinstance(value, torch.Tensor)), torch.zeros(()))
    return tuple(value if isinstance(value, torch.Tensor) else torch.as_tensor(value, dtype=like.dtype) for value in values)


def _like(value: Any, like: torch.Tensor) -> torch.Tensor:
    return torch.as_tensor(value, dtype=like.dtype, device=like.device)


def _of_numbers(function: Callable[..., Any]) -> Callable[..., Any]:
    """``function`` of torch, which takes tensors alone, for numbers too."""
    return lambda x: function(x if isinstance(x, torch.Tensor) else torch.as_tensor(float(x)))


TORCH: dict[str, Callable[..., Any]] = {
    name: SPECIAL.get(name) or _of_numbers(getattr(torch, name))
    for name in ops.NAMES
    if name in SPECIAL or hasattr(torch, name)
}
"""The operations of maichong.ops in torch."""


@functools.cache
def in_torch(function: Callable[..., Any]) -> Callable[..., Any]:
    """A model's function in torch's operations."""
    return rebind(function, TORCH)


class Cell:
    """One kind of neuron at steps of ``dt`` ms: what a layer runs, whatever its size.

    ``trainable`` names the parameters that get gradients; of these, and of those given as arrays, there may be one number for each
    neuron. Raises ParameterError for what is no parameter, EngineError for a neuron that the engine cannot run.
    """

    def __init__(self, model: Configured, dt: float, receptor: Configured | None = None, trainable: Sequence[str] = ()) -> None:
        if not isinstance(model, Configured) or not isinstance(model.model, NeuronModel):
            raise ParameterError("Spiking", "takes a neuron, such as LIF(tau_m=2.0)", brief(model))
        where = f"Spiking, {model.model.name}"
        self.model, self.dt, self.trainable = model, dt, tuple(trainable)
        for name, value in model.values.items():
            if isinstance(value, (Distribution, Steps)):
                raise EngineError(where, f"its {name} must be a number or an array here", brief(value))
        if model.options.get("spike_times") == "exact":
            raise EngineError(where, "spikes lie on the grid of dt here", "spike_times='exact'", "leave spike_times out")
        if isinstance(escape := model.options.get("escape"), Escape):
            fix = "leave escape out: the surrogate is the slope of a soft threshold already"
            raise EngineError(where, "fires at its threshold here, not by chance", f"escape={escape!r}", fix)
        if model.model.recover:
            fix = "use AdEx, or run it in a Network"
            raise EngineError(
                where, "stays at the height of its spike and then comes down, which has no gradient here", fix=fix
            )
        if model.options["integrator"] == "ode":
            raise EngineError(where, "cannot be trained through the integrator 'ode'", fix="use 'auto'")
        ports = [(receptor, model.model.inputs[0].name)] if receptor else []
        self.system: System = compose(Population("cells", model, 1), ports, lambda value, what, n=None: value)
        self.names = tuple(self.system.params)
        for name in self.trainable:
            if name not in self.system.params:
                raise ParameterError(f"{where}, trainable", "must name parameters", brief(name), did_you_mean(name, self.names))
        self.integration: Integration = choose(self.system, dt, where)
        self._linear = list(self.integration.exact)
        self._columns, self._entries = generator(self.system, flows_of(self.system), self._linear) if self._linear else ([], {})
        self._used = {str(free) for value in self._entries.values() for free in value.free_symbols}
        if self._used & set(self.trainable):
            # what is 0 now, as v_rest is in models without units, may become another number
            self.integration = dataclasses.replace(
                self.integration, exact=self._whole(self.integration.exact),
                stages={node: self._whole(stage) for node, stage in self.integration.stages.items()},
            )  # fmt: skip
        self.exact = Coefficients("p", self.integration.exact)
        self.stages = {node: Coefficients(f"s{k}", p) for k, (node, p) in enumerate(self.integration.stages.items())}

    def _whole(self, propagator: Propagator) -> Propagator:
        """A propagator with all coefficients that may differ from 0 for some parameters."""
        pattern = np.zeros((1, len(self._columns), len(self._columns)))
        for row, column in self._entries:
            pattern[0, row, column] = 1.0
        reach = reached(pattern)
        return {
            state: {name: propagator[state].get(name, 0.0) for column, name in enumerate(self._columns) if reach[row, column]}
            for row, state in enumerate(self._linear)
        }

    @property
    def pause(self) -> int:
        """The refractory time in steps."""
        return max(int(np.rint(float(np.max(np.asarray(self.model.values["t_ref"]))) / self.dt)), 0)

    def numbers(self, params: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """All numbers of a step by name: the parameters, as they are, and the propagators' coefficients, which follow from them."""
        found = dict(params)
        found |= self._coefficients(self.exact, params, 1.0)
        for node, stage in self.stages.items():
            found |= self._coefficients(stage, params, node)
        return found

    def _coefficients(self, wanted: Coefficients, params: Mapping[str, torch.Tensor], part: float) -> dict[str, torch.Tensor]:
        if not wanted.names:
            return {}
        used = self._used
        if not used & set(self.trainable):
            # as the simulator has them, to the last bit of float64
            return {wanted.names[key]: _like(value, params[self.names[0]]) for key, value in self._known(wanted, part).items()}
        import sympy as sp

        symbols = [symbol(name) for name in self.names]
        given = [params[name].double() for name in self.names]
        size = len(self._columns)
        shape = torch.broadcast_shapes(*(params[name].shape for name in used))
        zero = torch.zeros(shape, dtype=torch.float64, device=params[self.names[0]].device)
        cells = [[zero for _ in range(size)] for _ in range(size)]
        for (row, column), value in self._entries.items():
            text = sp.lambdify(symbols, value, [TORCH, "torch"])
            cells[row][column] = torch.as_tensor(text(*given), dtype=torch.float64).expand(shape)
        matrix = torch.stack([torch.stack(row, dim=-1) for row in cells], dim=-2)
        power = torch.linalg.matrix_exp(matrix * (self.dt * part))
        real = params[self.names[0]].dtype
        return {
            name: power[..., self._linear.index(state), self._columns.index(source)].to(real)
            for (state, source), name in wanted.names.items()
        }

    def _known(self, wanted: Coefficients, part: float) -> dict[tuple[str, str], Any]:
        propagator = self.integration.exact if part == 1.0 else self.integration.stages[part]
        return {(state, source): propagator[state][source] for state, source in wanted.names}

    def start(self, params: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """The initial value of each state, from the declaration of the model."""
        found: dict[str, torch.Tensor] = {}
        parts = [(self.system.neuron, ""), *((port.receptor, port.suffix) for port in self.system.ports)]
        for part, suffix in parts:
            known = {param.name: params[param.name + suffix] for param in part.model.params if param.name + suffix in params}
            for state in part.model.states:
                init = state.init
                if isinstance(init, str):
                    value = known[init]
                elif callable(init):
                    value = in_torch(init)(*(known[name] for name in arguments(init)))
                else:
                    value = float(init)  # in the layer's precision from the first: 0.999 is another number in float32
                known[state.name] = found[state.name + suffix] = _like(value, params[self.names[0]])
        return {name: found[name] for name in self.system.states}
