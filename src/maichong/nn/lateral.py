"""``Lateral``: a layer whose neurons hear each other through any connection; ``LateralInhibition``: a fixed one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch

from maichong.engines.autograd.shapes import SPIKES
from maichong.errors import EngineError, ParameterError, brief, did_you_mean, is_one_of
from maichong.nn import feedback
from maichong.nn.feedback import RecurrentState
from maichong.nn.timing import KEEPS, time_of
from maichong.spec import Configured
from maichong.spec.quantities import is_number

AMONG = ("layer", "channels")


class Lateral(torch.nn.Module):
    """Neurons of ``model`` that hear the layer's own spikes: input currents [time, batch, ...] -> spikes of that shape.

    In step t a neuron gets x(t) + connection(spikes(t - 1)), the spikes before the first step being 0. ``connection`` is any module
    without a state that takes spikes [batch, ...] to currents of the same shape: a depthwise convolution is what neighbours say to
    each other (LISNN, Cheng et al. 2020, doi:10.24963/ijcai.2020/211), ``LateralInhibition`` a competition; a bias is heard in
    every step. The other arguments, and what comes out, are those of ``Spiking``; ``layer(x, state)`` goes on from a RecurrentState
    and returns one, ``layer.begin(x)`` is that of a start. For a weight from each neuron to each take ``Recurrent``.

    Raises what Spiking raises, ParameterError for a connection that is no module or has a time axis of its own, EngineError for one
    that gives another shape than it takes.

    >>> from maichong import LIF
    >>> neighbours = torch.nn.Conv2d(4, 4, 5, padding=2, groups=4, bias=False)
    >>> layer = Lateral(neighbours, LIF(tau_m=2.0, c_m=2.0, v_rest=0.0, v_th=1.0, v_r=0.0))
    >>> layer(torch.rand(6, 2, 4, 7, 7)).shape
    torch.Size([6, 2, 4, 7, 7])
    """

    time = KEEPS

    def __init__(
        self, connection: torch.nn.Module, model: Configured, *, outputs: str | Sequence[str] = SPIKES, **options: Any
    ) -> None:
        super().__init__()
        if not isinstance(connection, torch.nn.Module):
            raise ParameterError("Lateral, connection", "must be a torch module, such as a Conv2d", brief(connection))
        if time_of(connection) is not None:
            raise ParameterError(
                "Lateral, connection",
                "must take [batch, ...], one step at a time",
                f"{type(connection).__name__}, a layer in time",
            )
        self.outputs = outputs if isinstance(outputs, str) else tuple(outputs)
        self.connection = connection
        self.cells = feedback.cells_of(model, outputs, options)

    def begin(self, x: torch.Tensor) -> RecurrentState:
        """The RecurrentState of a start, for inputs like ``x``."""
        return feedback.begin(self.cells, x)

    def forward(self, x: torch.Tensor, state: RecurrentState | None = None) -> Any:
        self.cells.check(x)
        now = self.begin(x) if state is None else feedback.checked("Lateral", state, x)
        found, end = feedback.run(self.cells, self._hear, x, now)
        result = feedback.chosen(self.outputs, found)
        return result if state is None else (result, end)

    def _hear(self, current: torch.Tensor, spikes: torch.Tensor) -> torch.Tensor:
        heard = self.connection(spikes)
        if heard.shape != current.shape:
            raise EngineError(
                "Lateral, connection", f"must give the shape {tuple(current.shape)} that it takes", tuple(heard.shape),
                "a convolution needs padding, and as many channels out as in",
            )  # fmt: skip
        return current + heard


class LateralInhibition(torch.nn.Module):
    """Each spike takes ``strength`` from all others: spikes s [batch, ...] -> -strength (sum of all s - its own), of that shape.

    ``among`` says who competes: all neurons of the "layer", or the "channels" at one place of [batch, channels, ...]. It is a
    connection of ``Lateral`` and has nothing to learn. The larger ``strength`` is, the nearer to "the winner takes it all"; as it
    is heard one step later, neurons that spike in the same step do so together: a strict winner needs small steps or noise.

    Raises ParameterError for a strength that is no finite number >= 0 and an unknown ``among``.
    """

    def __init__(self, strength: float, among: str = "layer") -> None:
        super().__init__()
        if not is_number(strength) or not math.isfinite(strength) or strength < 0:
            raise ParameterError("LateralInhibition, strength", "must be a finite number >= 0", brief(strength))
        if not is_one_of(among, AMONG):
            raise ParameterError("LateralInhibition, among", "must say who competes", brief(among), did_you_mean(among, AMONG))
        self.strength, self.among = float(strength), among

    def forward(self, spikes: torch.Tensor) -> torch.Tensor:
        axes = tuple(range(1, spikes.dim())) if self.among == "layer" else (1,)
        return self.strength * (spikes - spikes.sum(dim=axes, keepdim=True))

    def extra_repr(self) -> str:
        return f"{self.strength:g}, among={self.among!r}"
