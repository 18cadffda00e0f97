"""``Particles``: where each sample's potentials came to rest, so that the next free phase of the same sample begins there."""

from __future__ import annotations

from typing import Any

import torch

from maichong.errors import EngineError, ParameterError, brief
from maichong.learning.equilibrium import EquilibriumNet, States


class Particles(torch.nn.Module):
    """Persistent particles: the potentials of ``n`` samples in all layers of a net, 0 at first, as a buffer.

    ``take(rows)`` are those of some samples, ``keep(rows, states)`` replaces them. They take n times the number of neurons, and go
    into the ``state_dict``, as a training that is to be resumed needs them.

    Raises ParameterError for what is no EquilibriumNet and for n below 1, EngineError for rows that are not in 0..n - 1.

    Scellier & Bengio 2017, doi:10.3389/fncom.2017.00024, section 4. Not for images that are shown changed each time.

    >>> import torch
    >>> from maichong.learning import EquilibriumNet
    >>> net = EquilibriumNet([4, 8, 3])
    >>> particles, rows = Particles(net, 100), torch.tensor([3, 99])
    >>> particles.keep(rows, net.settle(torch.rand(2, 4), particles.take(rows)))
    """

    def __init__(self, net: EquilibriumNet, n: int) -> None:
        super().__init__()
        if not isinstance(net, EquilibriumNet):
            raise ParameterError("Particles, net", "must be an EquilibriumNet", brief(net))
        if isinstance(n, bool) or not isinstance(n, int) or n < 1:
            raise ParameterError("Particles, n", "must be a whole number of samples >= 1", brief(n))
        self.widths = net.sizes[1:]
        self.register_buffer("potentials", torch.zeros(n, sum(self.widths)))

    def take(self, rows: torch.Tensor) -> States:
        """The potentials of samples ``rows`` [batch]: [batch, n] for each layer."""
        kept = self._kept(rows)
        return torch.split(kept[rows], self.widths, dim=1)

    def keep(self, rows: torch.Tensor, states: States) -> None:
        """Put ``states`` in the place of those of samples ``rows``."""
        kept = self._kept(rows)
        kept[rows] = torch.cat(states, dim=1).to(kept.dtype)

    def _kept(self, rows: Any) -> torch.Tensor:
        kept = self.potentials
        assert isinstance(kept, torch.Tensor)
        fits = isinstance(rows, torch.Tensor) and rows.dim() == 1 and rows.dtype == torch.int64
        if not fits or (len(rows) and not 0 <= int(rows.min()) <= int(rows.max()) < len(kept)):
            raise EngineError("Particles, rows", f"must be whole numbers in 0..{len(kept) - 1}, int64 [batch]", brief(rows))
        return kept
