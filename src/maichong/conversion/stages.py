"""An artificial network as the stages of a spiking one: what drives a population of neurons, and its activation.

``stages(ann)`` reads a Sequential, nested ones too: Dropout is left out, a batch normalisation is folded into the Linear or
convolution before it, and each activation ends a stage. What a population cannot stand for is named, all of it in one error.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn.utils import fusion

from maichong.conversion.qcfs import QCFS
from maichong.errors import ConversionError, brief

WEIGHTED = (nn.Linear, nn.Conv1d, nn.Conv2d)
AVERAGES = (nn.AvgPool1d, nn.AvgPool2d, nn.AdaptiveAvgPool1d, nn.AdaptiveAvgPool2d)
MAXIMA = (nn.MaxPool1d, nn.MaxPool2d)
NORMS = (nn.BatchNorm1d, nn.BatchNorm2d)
LEFT_OUT = (nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.Identity)
ACTIVATIONS = (nn.ReLU, QCFS)
KNOWN = (*WEIGHTED, *AVERAGES, *MAXIMA, *NORMS, *LEFT_OUT, *ACTIVATIONS, nn.Flatten)

ALMOST_RELU = ("GELU", "ELU", "SELU", "CELU", "SiLU", "Mish", "LeakyReLU", "PReLU", "RReLU", "Softplus", "ReLU6", "Hardswish")
FIXES = {
    **dict.fromkeys((*ALMOST_RELU, "Sigmoid", "Tanh", "Hardtanh"), "replace it by ReLU or QCFS, and train again"),
    **dict.fromkeys(("Softmax", "LogSoftmax"), "leave it out: the largest output stays the largest"),
    **dict.fromkeys(("LayerNorm", "GroupNorm", "InstanceNorm1d", "InstanceNorm2d"), "use BatchNorm, which folds into weights"),
    "AdaptiveMaxPool2d": "use MaxPool2d, or an average pooling",
    "LPPool2d": "use an average pooling",
}
"""What to do about modules that have no spiking counterpart here."""

ELSE = "use Linear, convolutions, poolings, BatchNorm, ReLU or QCFS, in a Sequential"


@dataclass(frozen=True)
class Stage:
    """What drives one population, by dotted names, and its activation: ReLU, QCFS, or None.

    None is the last stage of a network without an activation at its end, which is read out as potentials, or, where ``spiking``,
    a pooling whose averages are neurons themselves.
    """

    name: str
    modules: tuple[tuple[str, nn.Module], ...]
    activation: nn.Module | None = None
    spiking: bool = True

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """What the artificial stage gives for ``x``, [batch, ...]."""
        z = self.drive(x)
        return self.activation(z) if self.activation is not None else z

    def drive(self, x: torch.Tensor) -> torch.Tensor:
        """What it gives before its activation."""
        for _, module in self.modules:
            x = module(x)
        return x


def stages(ann: nn.Module, spiking_pools: bool = False) -> tuple[Stage, ...]:
    """The stages of a copy of ``ann`` in evaluation mode; ``spiking_pools`` makes a population of each average pooling.

    Raises ConversionError for modules without a spiking counterpart, for weights that are not finite and for a network without
    an activation.
    """
    if not isinstance(ann, nn.Sequential):
        raise ConversionError("convert, ann", "must be a torch.nn.Sequential", type(ann).__name__, "put its layers into one")
    flat = list(_flat(copy.deepcopy(ann).eval()))
    wrong = [problem for name, module in flat if (problem := _problem(name, module))]
    if wrong:
        raise ConversionError(
            "convert, ann", "has modules without a spiking counterpart", f"{len(wrong)} of them", details=wrong
        )
    for name, module in flat:
        for part, value in (*module.named_parameters(), *module.named_buffers()):
            if not bool(torch.isfinite(value).all()):
                bad = int((~torch.isfinite(value)).sum())
                raise ConversionError(f"convert, {name}.{part}", "must be finite", f"{bad} numbers that are NaN or infinite")
        if isinstance(module, QCFS) and float(module.threshold.detach()) <= 0:
            raise ConversionError(
                f"convert, {name}.threshold", "must be > 0", float(module.threshold.detach()), "train it longer"
            )
    kept = [(name, module) for name, module in _folded(flat) if not isinstance(module, LEFT_OUT)]
    if not any(isinstance(module, ACTIVATIONS) for _, module in kept):
        raise ConversionError(
            "convert, ann", "has no activation, so that it has no layer of neurons", fix="put ReLU or QCFS in it"
        )
    return tuple(_cut(kept, spiking_pools))


def _flat(net: nn.Sequential, prefix: str = "") -> Iterator[tuple[str, nn.Module]]:
    for name, module in net._modules.items():
        # a Sequential with a forward of its own is more than its layers in order
        if isinstance(module, nn.Sequential) and type(module).forward is nn.Sequential.forward:
            yield from _flat(module, f"{prefix}{name}.")
        elif module is not None:
            yield f"{prefix}{name}", module


def _problem(name: str, module: nn.Module) -> str | None:
    kind = type(module)
    if kind not in KNOWN:
        return f"{name} ({kind.__name__}): {FIXES.get(kind.__name__, ELSE)}"
    if isinstance(module, NORMS) and module.running_mean is None:
        return f"{name} ({kind.__name__}): has no running statistics; train it with track_running_stats=True"
    if isinstance(module, MAXIMA) and module.return_indices:
        return f"{name} ({kind.__name__}): set return_indices=False"
    return None


def _folded(flat: Sequence[tuple[str, nn.Module]]) -> list[tuple[str, nn.Module]]:
    """Each batch normalisation in the weights before it; an average of what is scaled and shifted is the average, so treated."""
    kept: list[tuple[str, nn.Module]] = []
    for name, module in flat:
        if not isinstance(module, NORMS):
            kept.append((name, module))
            continue
        place = len(kept) - 1
        while place >= 0 and (isinstance(kept[place][1], LEFT_OUT) or _averages_all(kept[place][1])):
            place -= 1
        before = kept[place][1] if place >= 0 else None
        if not isinstance(before, WEIGHTED):
            got = f"{name} behind {kept[place][0]} ({type(before).__name__})" if place >= 0 else f"{name} at the beginning"
            fix = "put it directly behind a Linear or a convolution"
            raise ConversionError(f"convert, {name}", "a batch normalisation must follow what it can be folded into", got, fix)
        fuse = fusion.fuse_linear_bn_eval if isinstance(before, nn.Linear) else fusion.fuse_conv_bn_eval
        kept[place] = (kept[place][0], fuse(before, module))  # pyright: ignore[reportArgumentType]
    return kept


def _averages_all(module: nn.Module) -> bool:
    """Whether a module gives averages of its inputs alone, no padding counted among them."""
    if isinstance(module, (nn.AvgPool1d, nn.AvgPool2d)):
        padded = any(module.padding) if isinstance(module.padding, tuple) else bool(module.padding)
        return not (padded and module.count_include_pad) and getattr(module, "divisor_override", None) is None
    return isinstance(module, (nn.AdaptiveAvgPool1d, nn.AdaptiveAvgPool2d))


def _cut(kept: Sequence[tuple[str, nn.Module]], spiking_pools: bool) -> Iterator[Stage]:
    held: list[tuple[str, nn.Module]] = []
    begun = False
    for name, module in kept:
        if isinstance(module, ACTIVATIONS):
            yield Stage(name, tuple(held), module)
            held, begun = [], True
            continue
        held.append((name, module))
        # only what follows a population is no negative number, which a neuron could not say
        if spiking_pools and begun and isinstance(module, AVERAGES) and len(held) == 1:
            yield Stage(name, tuple(held))
            held = []
    if held:
        yield Stage("output", tuple(held), spiking=False)


def finite_samples(where: str, x: object) -> torch.Tensor:
    """``x`` as samples [batch, ...] in floating point; ConversionError for what is none."""
    if not isinstance(x, torch.Tensor):
        raise ConversionError(where, "must be a tensor [batch, ...]", brief(x), "use torch.as_tensor(x)")
    if not x.dtype.is_floating_point:
        raise ConversionError(where, "must hold floating-point numbers", str(x.dtype), "use x.float() / 255 for pixels")
    if x.dim() < 2 or 0 in x.shape:
        raise ConversionError(where, "must hold samples, [batch, ...]", str(tuple(x.shape)), "give some training samples")
    if not bool(torch.isfinite(x).all()):
        raise ConversionError(where, "must be finite", f"{int((~torch.isfinite(x)).sum())} numbers that are NaN or infinite")
    return x
