"""``convert``: an artificial network as a spiking one."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch

from maichong.conversion.balancing import METHODS, find_factors
from maichong.conversion.building import Options, Parts, parts
from maichong.conversion.measuring import measure
from maichong.conversion.report import Report
from maichong.conversion.running import check_fit, check_input, run
from maichong.conversion.stages import Stage, stages
from maichong.errors import ParameterError, brief, did_you_mean, is_one_of
from maichong.nn import MeanRate, Sequential

CHOICES = {
    "method": METHODS,
    "reset": ("soft", "hard"),
    "coding": ("constant", "bernoulli"),
    "balance": ("weights", "thresholds"),
    "firing": ("free", "two_phase"),
    "pooling": ("average", "spiking"),
    "engine": ("auto", "fused", "plain"),
}


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
        check_fit("Converted, input", self.stages, x)
        yield from run(self.parts, self.options, x, steps)

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
    "spiking", a population of neurons for each average pooling. Max pooling of
    spikes is exact: see ``RunningMax``.

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
    check_fit("convert, calibration", read, calibration)
    options = Options(reset, coding, balance, firing, start, engine, generator)
    with torch.no_grad():
        factors = find_factors(read, calibration, method, steps, percentile, options)
        made = parts(read, factors, options)
        report = measure(read, factors, made, options, calibration, steps)
    if not allow_loss:
        report.check()
    net = made.net(options, steps, ("readout", MeanRate()))
    return Converted(net, made.unit, read, factors, report, steps, options, made)


def _between(name: str, value: Any, low: float, high: float) -> float:
    known = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not known or not math.isfinite(value) or not low <= value <= high:
        raise ParameterError(f"convert, {name}", f"must be a number in {low:g}..{high:g}", brief(value))
    return float(value)
