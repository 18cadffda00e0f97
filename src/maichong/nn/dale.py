"""Dale's principle: what a neuron sends is all excitatory or all inhibitory, and learning does not change that."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch.nn.utils import parametrize

from maichong.errors import ParameterError, brief
from maichong.spec.quantities import is_number


class Signed(torch.nn.Module):
    """A weight [post, pre] of which each column keeps its sign: weight[j, i] = sign[i] abs(raw[j, i])."""

    def __init__(self, sign: torch.Tensor) -> None:
        super().__init__()
        self.register_buffer("sign", sign)

    def forward(self, raw: torch.Tensor) -> torch.Tensor:
        assert isinstance(self.sign, torch.Tensor)
        return self.sign.to(raw.dtype) * raw.abs()

    def right_inverse(self, weight: torch.Tensor) -> torch.Tensor:
        """The raw weight of one that is assigned; ParameterError where one has the wrong sign."""
        assert isinstance(self.sign, torch.Tensor)
        wrong = torch.nonzero(self.sign.to(weight.dtype) * weight < 0)
        if len(wrong):
            row, column = wrong[0].tolist()
            kind = ">= 0: that neuron is excitatory" if self.sign[column] > 0 else "<= 0: that neuron is inhibitory"
            raise ParameterError(f"weight[{row}, {column}]", f"must be {kind}", float(weight[row, column].detach()))
        return weight


def signs_of(where: str, excitatory: Any, n: int) -> torch.Tensor:
    """+1 for each excitatory neuron of n, -1 for the others; ``excitatory`` is a fraction, or a flag for each."""
    if is_number(excitatory):
        if not 0 <= excitatory <= 1:
            raise ParameterError(where, "must be a fraction in 0..1, or a flag for each neuron", brief(excitatory))
        flags = np.arange(n) < round(float(excitatory) * n)
    else:
        flags = np.asarray(excitatory.cpu() if isinstance(excitatory, torch.Tensor) else excitatory)
        if flags.dtype != np.bool_ or flags.shape != (n,):
            shown = f"{flags.dtype}, shape {flags.shape}" if flags.shape else brief(excitatory)
            raise ParameterError(where, f"must be a fraction in 0..1, or {n} flags, True or False", shown)
    return torch.as_tensor(np.where(flags, 1.0, -1.0), dtype=torch.get_default_dtype())


def fix_signs(module: torch.nn.Module, name: str, sign: torch.Tensor) -> None:
    """Make the sign of each column of a module's weight [post, pre] a fixed one; the weight keeps its magnitudes."""
    weight = getattr(module, name)
    signed = Signed(sign.to(weight.device))
    with torch.no_grad():
        weight.copy_(signed(weight))
    parametrize.register_parametrization(module, name, signed)


def dale(linear: torch.nn.Linear, excitatory: float | Sequence[bool] = 0.8) -> torch.nn.Linear:
    """The same Linear, in which each input keeps the sign of all it sends: weight[j, i] = sign[i] abs(raw[j, i]).

    ``excitatory`` is the fraction of inputs with sign +1, the first ones (4 of 5, as in cortex), or a flag for each input. The
    weights keep their magnitudes at the start; what is optimised is ``raw``, of any sign, so that no optimiser, momentum or weight
    decay can break the principle, and no weight sticks at 0 (one of exactly 0 gets no gradient). The bias is left as it is.
    With more excitation than inhibition of the same size the mean input is > 0: scale the columns where that is not wanted.

    Raises ParameterError for what is no Linear, a Linear of signs already, a fraction outside 0..1, flags of another number, and
    later for a weight of the wrong sign that is assigned.

    Source: Song et al. 2016, doi:10.1371/journal.pcbi.1004792, who train networks under the principle by rectified weights; the
    absolute value in its place leaves no weight without a gradient.

    >>> layer = dale(torch.nn.Linear(10, 3), excitatory=0.8)
    >>> bool((layer.weight[:, :8] >= 0).all() and (layer.weight[:, 8:] <= 0).all())
    True
    """
    if not isinstance(linear, torch.nn.Linear):
        raise ParameterError(
            "dale", "takes a torch.nn.Linear", type(linear).__name__, "Recurrent has excitatory=... of its own"
        )
    if parametrize.is_parametrized(linear, "weight"):
        raise ParameterError("dale", "takes a Linear with a weight of its own", "one that is parametrized already")
    fix_signs(linear, "weight", signs_of("dale, excitatory", excitatory, linear.in_features))
    return linear
