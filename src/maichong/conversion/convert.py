"""``convert``: an artificial network as a spiking one."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from maichong.conversion import balancing
from maichong.conversion.building import Options, Parts, parts
from maichong.conversion.qcfs import QCFS
from maichong.conversion.report import LayerReport, Report
from maichong.conversion.stages import Stage, finite_samples, stages
from maichong.errors import ConversionError, ParameterError, brief, did_you_mean, is_one_of
from maichong.nn import MeanRate, Sequential, Spiking

CHOICES = {
    "method": balancing.METHODS,
    "reset": ("soft", "hard"),
    "coding": ("constant", "bernoulli"),
    "balance": ("weights", "thresholds"),
    "firing": ("free", "two_phase"),
    "pooling": ("average", "spiking"),
    "engine": ("auto", "fused", "plain"),
}

CHUNK = 8
"""Steps at a time, which bounds the memory of a long run."""


@dataclass(frozen=True)
class Converted:
    """A spiking network, and the artificial one that it came from.

    ``net`` is an ordinary ``maichong.nn.Sequential``, [batch, ...] -> mean output per step; times ``unit`` it is the artificial
    network's output, which ``converted(x)`` returns. ``stages`` is the artificial network, batch normalisation folded;
    ``factors`` has the activation that a spike of each of its populations stands for. ``report`` says how well the rates fit.
    """

    net: Sequential
    unit: float
    stages: tuple[Stage, ...]
    factors: tuple[float, ...]
    report: Report
    steps: int
    options: Options
    parts: Parts

    def __call__(self, x: torch.Tensor, steps: int | None = None) -> torch.Tensor:
        """What the spiking network answers after ``steps`` steps, in the artificial network's unit."""
        total = torch.zeros(())
        steps = self.steps if steps is None else steps
        for outputs in self.run(x, steps):
            total = total + outputs.sum(dim=0)
        return total * (self.unit / steps)

    def run(self, x: torch.Tensor, steps: int) -> Iterator[torch.Tensor]:
        """The last layer's outputs, [steps at a time, batch, ...], for inputs [batch, ...]; they are not divided by anything."""
        check_input("Converted, input", x, self.options.coding)
        yield from _run(self.parts, self.options, x, steps)

    def artificial(self, x: torch.Tensor) -> torch.Tensor:
        """What the artificial network answers."""
        for stage in self.stages:
            x = stage.forward(x)
        return x


def convert(
    ann: torch.nn.Module, calibration: torch.Tensor, method: str = "percentile", steps: int = 100, *,
    percentile: float = 99.9, reset: str = "soft", coding: str = "constant", balance: str = "weights", firing: str = "free",
    initial: float | None = None, pooling: str = "average", engine: str = "auto", allow_loss: bool = False,
    generator: torch.Generator | None = None,
) -> Converted:  # fmt: skip
    """A network of integrate-and-fire neurons with the weights of ``ann``, a Sequential of Linear, convolutions, poolings, ReLU.

        a_l = ReLU(W_l a_(l-1) + b_l)   becomes   v += W_l f_(l-1) / f_l s_(l-1) + b_l / f_l;   spike where v >= 1

    so that f_l times the rate of layer l is its activation. ``method`` finds the factors f from training samples,
    ``calibration`` [batch, ...]: one of "model", "data", "percentile", "spike_norm", "qcfs", see :mod:`balancing`.

    ``reset``: "soft" takes the threshold off the potential, "hard" loses the excess. ``coding``: the input is a "constant" current,
    or "bernoulli" spikes with its values, 0..1, as chances. ``balance``: scale the "weights" and have thresholds of 1, or keep
    them, and have "thresholds" f_l / f_(l-1). ``initial``: potential at the start, in thresholds; 0, and for QCFS 1/2. ``firing``:
    each layer fires "free" from the first step, or in "two_phase" waits for all steps of the layer before and then fires, which
    gives QCFS of ``levels = steps`` exactly and takes steps x layers in hardware. ``pooling``: "average" the spikes, or
    "spiking", a population of neurons for each average pooling. Max pooling passes the input with the largest sum so far.

    The network that comes in is not changed. Raises ConversionError for modules without a spiking counterpart, all of them named,
    for NaN weights, calibration samples that do not fit, and, unless ``allow_loss``, a layer that fires no spike on them;
    ParameterError for choices that are none. ``evaluate`` judges the accuracy.

    >>> ann = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Linear(8, 2))
    >>> converted = convert(ann, torch.rand(20, 4), "data", steps=64)
    >>> converted.net(torch.rand(3, 4)).shape
    torch.Size([3, 2])

    Sources: Diehl et al. 2015, doi:10.1109/IJCNN.2015.7280696; Rueckauer et al. 2017, doi:10.3389/fnins.2017.00682; Sengupta et
    al. 2019, doi:10.3389/fnins.2019.00095; Bu et al. 2022, arXiv:2303.04347. Not for networks with recurrence or attention, nor
    where ten steps must do without QCFS: train the spiking network itself.
    """
    given = {
        "method": method, "reset": reset, "coding": coding, "balance": balance, "firing": firing, "pooling": pooling,
        "engine": engine,
    }  # fmt: skip
    for name, value in given.items():
        if not is_one_of(value, CHOICES[name]):
            expected = f"must be one of {', '.join(CHOICES[name])}"
            raise ParameterError(f"convert, {name}", expected, brief(value), did_you_mean(value, CHOICES[name]))
    if isinstance(steps, bool) or not isinstance(steps, int) or steps < 1:
        raise ParameterError("convert, steps", "must be a whole number >= 1", brief(steps))
    _between("percentile", percentile, 0.0, 100.0)
    start = (0.5 if method == "qcfs" else 0.0) if initial is None else _between("initial", initial, -1.0, 1.0)
    if firing == "two_phase" and reset == "hard":
        raise ParameterError(
            "convert, reset", "two phases need a soft one", "'hard'", "a hard reset would lose all but one spike"
        )
    read = stages(ann, spiking_pools=pooling == "spiking")
    check_input("convert, calibration", calibration, coding)
    _check_fit(read, calibration)
    options = Options(reset, coding, balance, firing, start, engine, generator)
    with torch.no_grad():
        factors = _factors(read, calibration, method, steps, percentile, options)
        made = parts(read, factors, options)
        report = _report(read, factors, made, options, calibration, steps)
    if not allow_loss:
        report.check()
    net = made.net(options, steps, ("readout", MeanRate()))
    return Converted(net, made.unit, read, factors, report, steps, options, made)


def _between(name: str, value: Any, low: float, high: float) -> float:
    known = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not known or not math.isfinite(value) or not low <= value <= high:
        raise ParameterError(f"convert, {name}", f"must be a number in {low:g}..{high:g}", brief(value))
    return float(value)


def check_input(where: str, x: Any, coding: str) -> None:
    """ConversionError for what are no samples, or no chances of spikes where such are needed."""
    finite_samples(where, x)
    if coding == "bernoulli" and (float(x.min()) < 0 or float(x.max()) > 1):
        got = f"values in {float(x.min()):g}..{float(x.max()):g}"
        fix = "scale the input, or use coding='constant', which takes any value"
        raise ConversionError(where, "must be chances in 0..1 for Bernoulli spikes", got, fix)


def _check_fit(read: Sequence[Stage], x: torch.Tensor) -> None:
    now = x[:1]
    for stage in read:
        for name, module in (*stage.modules, (stage.name, stage.activation)):
            if module is None:
                continue
            shape = tuple(now.shape)
            try:
                with torch.no_grad():
                    now = module(now)
            except RuntimeError as error:
                got = f"{shape} before {name} ({type(module).__name__}): {str(error).splitlines()[0]}"
                fix = "give samples of the shape and type that the network takes"
                raise ConversionError("convert, calibration", "must fit the network", got, fix) from None


def _factors(
    read: Sequence[Stage], x: torch.Tensor, method: str, steps: int, percentile: float, options: Options
) -> tuple[float, ...]:
    factors: list[float] = []
    before, now = 1.0, [*balancing.batches(x)]
    low, high = x[:1].clone().fill_(min(float(x.min()), 0.0)), x[:1].clone().fill_(float(x.max()))
    for stage in read:
        if not stage.spiking:
            break
        now = [stage.forward(batch) for batch in now]
        if stage.activation is None and method != "model":
            factor = before  # averages of spikes are in their unit
        elif method == "model":
            factor = balancing.model_factor(stage, low, high)
        elif method == "data":
            factor = balancing.data_factor(now)
        elif method == "percentile":
            factor = balancing.percentile_factor(now, percentile)
        elif method == "spike_norm":
            factor = balancing.spike_norm_factor(_currents(read, factors, options, x, steps), before)
        else:
            factor = balancing.qcfs_factor(stage)
        factors.append(balancing.checked(stage, factor, lambda: f"by the method {method!r}"))
        before = factor
        low, high = torch.zeros_like(now[0][:1]), torch.full_like(now[0][:1], factor)
    return tuple(factors)


def _currents(
    read: Sequence[Stage], factors: Sequence[float], options: Options, x: torch.Tensor, steps: int
) -> Iterator[torch.Tensor]:
    """What drives the stage after those with factors, in units of the last factor."""
    kept = Options(
        options.reset, options.coding, "thresholds", options.firing, options.initial, options.engine, options.generator
    )
    front = parts(read, factors, kept)
    for batch in balancing.batches(x):
        yield from _run(front, kept, batch, steps)


def _run(made: Parts, options: Options, x: torch.Tensor, steps: int) -> Iterator[torch.Tensor]:
    if options.firing == "two_phase":
        yield made.net(options, steps)(x)
        return
    state: Any = {}
    for begin in range(0, steps, CHUNK):
        outputs, state = made.net(options, min(CHUNK, steps - begin))(x, state)
        yield outputs


def _report(
    read: Sequence[Stage], factors: Sequence[float], made: Parts, options: Options, x: torch.Tensor, steps: int
) -> Report:
    populations = [stage for stage in read if stage.spiking]
    sums = [[0.0] * 5 for _ in populations]  # squares of error and activation, rates, how many at 1, how many
    fired: list[torch.Tensor | None] = [None] * len(populations)
    for batch in balancing.batches(x):
        now = batch
        counts = spikes_of_layers(made, options, batch, steps)
        for place, stage in enumerate(populations):
            now, rate = stage.forward(now), counts[place] / steps
            found = ((rate * factors[place] - now).square(), now.square(), rate, counts[place] >= steps)
            for column, value in enumerate(found):
                sums[place][column] += float(value.double().sum())
            sums[place][4] += rate.numel()
            once = (counts[place] > 0).any(dim=0)
            seen = fired[place]
            fired[place] = once if seen is None else seen | once
    layers = []
    for place, stage in enumerate(populations):
        error, size, spikes, full, places = sums[place]
        silent = 1.0 - float(fired[place].double().mean())  # pyright: ignore[reportOptionalMemberAccess]
        relative = math.sqrt(error / size) if size else math.inf
        layers.append(
            LayerReport(stage.name, factors[place], made.thresholds[place], relative, spikes / places, silent, full / places)
        )
    return Report(tuple(layers), steps, len(x))


def spikes_of_layers(made: Parts, options: Options, x: torch.Tensor, steps: int) -> list[torch.Tensor]:
    """The spikes that each neuron of each population fires within ``steps`` steps, [batch, ...] by population."""
    layers = [module for _, module in made.after if isinstance(module, Spiking)]
    counts: dict[torch.nn.Module, torch.Tensor] = {}

    def count(module: torch.nn.Module, _: Any, output: Any) -> None:
        spikes = (output[0] if isinstance(output, tuple) else output).sum(dim=0)
        counts[module] = counts[module] + spikes if module in counts else spikes

    hooks = [layer.register_forward_hook(count) for layer in layers]
    try:
        for _ in _run(made, options, x, steps):
            pass
    finally:
        for hook in hooks:
            hook.remove()
    return [counts[layer] for layer in layers]


__all__ = ["QCFS", "Converted", "convert"]
