"""A spiking network from stages and their factors: scaled weights, thresholds, neurons of the catalogue."""

from __future__ import annotations

import copy
from collections import OrderedDict
from collections.abc import Sequence as Several
from dataclasses import dataclass

import torch

from maichong.conversion.gates import Gather, RunningMax
from maichong.conversion.stages import MAXIMA, WEIGHTED, Stage
from maichong.neurons.integrate_and_fire import IF
from maichong.nn import Bernoulli, Repeat, Sequential, Spiking

Named = tuple[tuple[str, torch.nn.Module], ...]


@dataclass(frozen=True)
class Options:
    """How the spiking network is built, whatever the factors are: see ``convert``."""

    reset: str = "soft"
    coding: str = "constant"
    balance: str = "weights"
    firing: str = "free"
    initial: float = 0.0
    engine: str = "auto"
    generator: torch.Generator | None = None


@dataclass(frozen=True)
class Parts:
    """The layers before time begins, those after it, and the unit in which the last of them answers."""

    before: Named
    after: Named
    unit: float
    thresholds: tuple[float, ...]

    def net(self, options: Options, steps: int, *more: tuple[str, torch.nn.Module]) -> Sequential:
        """The layers as a net over ``steps`` steps; all such nets share their weights, and the names of their states."""
        begin = Bernoulli(steps, options.generator) if options.coding == "bernoulli" else Repeat(steps)
        return Sequential(OrderedDict([*self.before, ("input", begin), *self.after, *more]))


def parts(stages: Several[Stage], factors: Several[float], options: Options) -> Parts:
    """The layers for the stages whose factors are given, and for the drive of one more, if there is one."""
    before: list[tuple[str, torch.nn.Module]] = []
    after: list[tuple[str, torch.nn.Module]] = []
    thresholds: list[float] = []
    unit = 1.0  # what a spike, or an input of 1, stands for
    for place, stage in enumerate(stages[: len(factors) + 1]):
        driven = place < len(factors) and stage.spiking
        weighted = any(isinstance(module, WEIGHTED) for _, module in stage.modules)
        # a current of 1 stands for this; without weights to scale it is what a spike stands for
        current = (factors[place] if driven else 1.0) if options.balance == "weights" and weighted else unit
        static = place == 0 and options.coding == "constant"
        into = before if static else after
        into += [(_key(name), _timed(module, static)) for name, module in scaled(stage, unit, current)]
        unit = current
        if driven:
            threshold = factors[place] / current
            name = _key(stage.name) if stage.activation is not None else f"{_key(stage.name)}_cells"
            after += [(f"{name}_gather", Gather())] if options.firing == "two_phase" else []
            after.append((name, cells(threshold, options)))
            thresholds.append(threshold)
            unit = factors[place]
    return Parts(tuple(before), tuple(after), unit, tuple(thresholds))


def scaled(stage: Stage, given: float, wanted: float) -> Named:
    """The modules for inputs in units of ``given`` and currents in units of ``wanted``: first weights and all biases are scaled."""
    found: list[tuple[str, torch.nn.Module]] = []
    first = True
    for name, module in stage.modules:
        if isinstance(module, WEIGHTED):
            module = copy.deepcopy(module).requires_grad_(False)
            if first:
                module.weight.mul_(given / wanted)
            if module.bias is not None:
                module.bias.div_(wanted)
            first = False
        found.append((name, module))
    return tuple(found)


def cells(threshold: float, options: Options) -> Spiking:
    """Integrate-and-fire neurons to which a current of 1 brings 1 in a step."""
    model = IF(c_m=1.0, v_th=threshold, v_r=0.0, v_0=options.initial * threshold, reset=options.reset)
    return Spiking(model, dt=1.0, engine=options.engine)


def _timed(module: torch.nn.Module, static: bool) -> torch.nn.Module:
    return RunningMax(module) if isinstance(module, MAXIMA) and not static else module


def _key(name: str) -> str:
    """A dotted name as the name of a module, which has no dots."""
    return name.replace(".", "_")
