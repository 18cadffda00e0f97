"""Convolutions as connectors: each neuron of a map sees a window of the maps before it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from maichong.errors import NetworkError, ParameterError, brief
from maichong.spec.quantities import in_unit, whole_numbers
from maichong.topology.connectors import Connector, Pairs, in_order


@dataclass(frozen=True, eq=False)
class Convolution(Connector):
    """Windows of ``kernel`` [height, width] over maps of ``shape`` [channels, height, width] onto ``channels`` new maps.

    Neurons are numbered as arrays are: (channel, row, column), the last fastest. The neuron (o, y, x) has a synapse from
    (c, y stride + r dilation - padding, x stride + s dilation - padding) for each tap (r, s) of the kernel that lies inside the
    map, as torch's conv2d has. ``stride``, ``padding`` and ``dilation`` are one whole number or two (rows, columns). With
    ``groups`` g the maps on both sides are parted into g equal groups, and one sees only its own; with as many groups as maps
    each sees one, which with equal weights is average pooling.

    Shared weights are one kernel for all windows: ``weight=connector.weights(kernel)``. Weights that are not shared, which are
    those of a locally connected layer, are one for each synapse, or a distribution. Rules change each synapse by itself, so that
    learned weights are not shared: to learn shared ones use ``torch.nn.Conv2d`` and ``maichong.nn``.

    Raises ParameterError for sizes that are no whole numbers, or where no window fits; NetworkError for populations of other sizes.

    >>> conv = Convolution((1, 28, 28), channels=8, kernel=(5, 5), stride=2)
    >>> conv.output, conv.expected(784, 1152)
    ((8, 12, 12), 28800.0)
    """

    shape: Any
    channels: int
    kernel: Any
    stride: Any = 1
    padding: Any = 0
    dilation: Any = 1
    groups: int = 1
    kind: ClassVar[str] = "convolution"

    def __post_init__(self) -> None:
        for name, number, least in (("shape", 3, 1), ("kernel", 2, 1), ("stride", 2, 1), ("padding", 2, 0), ("dilation", 2, 1)):
            object.__setattr__(self, name, _sizes(getattr(self, name), number, least, f"Convolution.{name}"))
        for name in ("channels", "groups"):
            object.__setattr__(self, name, _sizes(getattr(self, name), 1, 1, f"Convolution.{name}")[0])
        if self.shape[0] % self.groups or self.channels % self.groups:
            maps = f"{self.groups} groups of {self.shape[0]} and {self.channels} maps"
            raise ParameterError("Convolution.groups", "must divide the maps on both sides", maps)
        if min(self.output) < 1:
            raise ParameterError(
                "Convolution", "no window fits into the map", f"an output of {self.output}", "give it a padding"
            )

    @property
    def output(self) -> tuple[int, int, int]:
        """The shape of the maps that it gives: channels, height, width."""
        windows = zip(self.shape[1:], self.kernel, self.stride, self.padding, self.dilation, strict=True)
        rows, columns = ((size + 2 * pad - apart * (taps - 1) - 1) // step + 1 for size, taps, step, pad, apart in windows)
        return self.channels, rows, columns

    def check(self, n_pre: int, n_post: int, where: str) -> None:
        for end, n, shape in (("pre", n_pre, self.shape), ("post", n_post, self.output)):
            if (needed := int(np.prod(shape))) != n:
                raise NetworkError(where, f"Convolution needs {needed} neurons {end}, {shape} of them", n)

    def expected(self, n_pre: int, n_post: int) -> float:
        inside = [self._along(axis)[0].size for axis in (0, 1)]
        return float(self.shape[0]) * self.channels / self.groups * inside[0] * inside[1]

    def pairs(self, n_pre: int, n_post: int, rng: np.random.Generator) -> Pairs:
        (y, v), (x, u) = self._along(0), self._along(1)
        (_, height, width), (_, rows, columns) = self.shape, self.output
        before, after = self.shape[0] // self.groups, self.channels // self.groups
        o, c = np.indices((self.channels, before)).reshape(2, -1)[:, :, None, None]
        pre = ((o // after * before + c) * height + y[:, None]) * width + x
        post = (o * rows + v[:, None]) * columns + u
        return in_order(pre.reshape(-1), post.reshape(-1), n_post)

    def weights(self, kernel: Any) -> np.ndarray:
        """The weight of each synapse, in the order of ``pairs``, for a kernel [channels, channels before / groups, height, width]
        that all windows share; ParameterError for one of another shape."""
        given = np.asarray(in_unit(kernel, "", "Convolution.weights"))
        wanted = (self.channels, self.shape[0] // self.groups, *self.kernel)
        if given.shape != wanted:
            raise ParameterError(
                "Convolution.weights", f"the kernel must have the shape {list(wanted)}", f"{list(given.shape)}"
            )
        pre, post = self.pairs(int(np.prod(self.shape)), int(np.prod(self.output)), np.random.default_rng(0))
        (c, y, x), (o, v, u) = np.unravel_index(pre, self.shape), np.unravel_index(post, self.output)
        taps = (
            (place + self.padding[axis] - window * self.stride[axis]) // self.dilation[axis]
            for axis, (place, window) in enumerate(((y, v), (x, u)))
        )
        return given[(o, c % wanted[1], *taps)]

    def _along(self, axis: int) -> tuple[np.ndarray, np.ndarray]:
        """Along rows or columns: the input and the output of everything inside the map."""
        out, tap = np.indices((self.output[axis + 1], self.kernel[axis])).reshape(2, -1)
        place = out * self.stride[axis] + tap * self.dilation[axis] - self.padding[axis]
        inside = (place >= 0) & (place < self.shape[axis + 1])
        return place[inside], out[inside]


def _sizes(given: Any, number: int, least: int, where: str) -> tuple[int, ...]:
    """So many whole numbers from ``least`` on; one stands for all but where there are three."""
    alone = isinstance(given, (int, np.integer)) and not isinstance(given, bool)
    found = whole_numbers([given] * number if alone and number < 3 else given)
    if found is None or found.size != number or (found < least).any() or (found >= 2**31).any():
        words = {1: "one whole number", 2: "one or two whole numbers", 3: "three whole numbers"}[number]
        raise ParameterError(where, f"must be {words} >= {least}", brief(given))
    return tuple(int(size) for size in found)
