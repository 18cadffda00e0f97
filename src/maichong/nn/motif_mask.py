"""Masks over recurrent weights: a fixed network, or one that learning draws arc by arc, whose motifs are then counted."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch.nn.utils import parametrize

from maichong.errors import ParameterError, brief, did_you_mean, is_one_of
from maichong.motifs import DirectedGraph, graph_of_matrix
from maichong.spec.quantities import is_number

FORMS = ("static", "sampled", "regular")
JOINS = ("spatial", "temporal", "and", "or")


class FixedMask(torch.nn.Module):
    """weight = mask o raw, with a mask of zeros and ones that stays."""

    def __init__(self, mask: torch.Tensor) -> None:
        super().__init__()
        self.register_buffer("mask", mask)

    def forward(self, raw: torch.Tensor) -> torch.Tensor:
        assert isinstance(self.mask, torch.Tensor)
        return self.mask.to(raw.dtype) * raw

    def right_inverse(self, weight: torch.Tensor) -> torch.Tensor:
        """The raw weight of one that is assigned: itself."""
        return weight


class MotifMask(torch.nn.Module):
    """weight[j, i] = m[j, i] raw[j, i] with a learned m of zeros and ones: the arc from i to j is there or not; none to itself.

    Each arc has a logit theta, and p = sigma(slope theta). What ``m`` is in a forward pass is told by ``form``:

        static    m = 1 where theta > 0
        sampled   m ~ Bernoulli(sigma((theta + G1 - G2) / tau)), G1 and G2 Gumbel noise, drawn anew at each use
        regular   a <- a + sigma(theta / tau); m = 1 and a <- a - 1 where a >= 1/2: as often as sampled, without chance

    Its gradient is that of the sigmoid (straight through). ``theta`` starts normal with the deviation ``spread``, shifted so that
    the share ``density`` of the arcs is there. `graph` is the network of the static mask: motifs are not chosen but counted in it.

    Put it on a layer by `learn_motifs`. Raises ParameterError for options that are none.

    Jia, Zhang et al., motif-topology spiking networks (M-SNN), whose published code has slope 100 for static masks. There a static
    mask is the sigmoid itself; here it is rounded, so that what is counted is what runs.
    """

    accumulated: torch.Tensor

    def __init__(
        self,
        n: int,
        form: str = "static",
        *,
        density: float = 0.5,
        spread: float = 0.01,
        slope: float = 100.0,
        tau: float = 1.0,
    ) -> None:
        super().__init__()
        if isinstance(n, bool) or not isinstance(n, int) or n < 2:
            raise ParameterError("MotifMask.n", "must be a whole number from 2", brief(n))
        if not is_one_of(form, FORMS):
            raise ParameterError("MotifMask.form", f"must be one of {', '.join(FORMS)}", brief(form), did_you_mean(form, FORMS))
        if not is_number(density) or not 0 < density < 1:
            raise ParameterError("MotifMask.density", "must be a share between 0 and 1", brief(density))
        for name, value in (("spread", spread), ("slope", slope), ("tau", tau)):
            if not is_number(value) or not value > 0:
                raise ParameterError(f"MotifMask.{name}", "must be > 0", brief(value))
        self.form, self.slope, self.tau = form, float(slope), float(tau)
        shift = spread * float(torch.distributions.Normal(0.0, 1.0).icdf(torch.tensor(float(density))))
        self.theta = torch.nn.Parameter(torch.randn(n, n) * spread + shift)
        self.register_buffer("others", 1.0 - torch.eye(n))
        self.register_buffer("accumulated", torch.zeros(n, n))

    def mask(self) -> torch.Tensor:
        """The mask of one use, zeros and ones [post, pre], with the sigmoid's gradient."""
        if self.form == "static":
            soft = torch.sigmoid(self.slope * self.theta)
            hard = self.theta > 0
        elif self.form == "sampled":
            noise = torch.rand_like(self.theta).clamp(1e-7, 1 - 1e-7)
            # the difference of two Gumbel variables is logistic
            soft = torch.sigmoid((self.theta + torch.logit(noise)) / self.tau)
            hard = torch.rand_like(soft) < soft
        else:
            soft = torch.sigmoid(self.theta / self.tau)
            with torch.no_grad():
                self.accumulated += soft
                hard = self.accumulated >= 0.5
                self.accumulated -= hard.to(soft.dtype)
        assert isinstance(self.others, torch.Tensor)
        # in these brackets, so that rounding leaves ones that are ones
        return (hard.to(soft.dtype) + (soft - soft.detach())) * self.others

    def forward(self, raw: torch.Tensor) -> torch.Tensor:
        return self.mask().to(raw.dtype) * raw

    def right_inverse(self, weight: torch.Tensor) -> torch.Tensor:
        """The raw weight of one that is assigned: itself."""
        return weight

    def graph(self) -> DirectedGraph:
        """The network of the arcs with theta > 0."""
        return graph_of_mask(self.theta.detach() > 0)

    def extra_repr(self) -> str:
        return f"{self.theta.shape[0]}, {self.form!r}"


def learn_motifs(module: torch.nn.Module, form: str = "static", *, name: str = "weight", **options: Any) -> MotifMask:
    """Put a `MotifMask` on the square weight ``name`` of ``module``, such as that of ``Recurrent``, and return it.

    Raises ParameterError where there is no such weight, and for options that MotifMask refuses.
    """
    mask = MotifMask(_square("learn_motifs", module, name), form, **options)
    parametrize.register_parametrization(module, name, mask)
    return mask


def fix_mask(module: torch.nn.Module, mask: DirectedGraph | Any, *, name: str = "weight") -> None:
    """Keep those weights of ``name`` [post, pre] of ``module`` whose arc is in ``mask``: a graph, or zeros and ones [post, pre].

    Raises ParameterError where there is no such weight, or the mask is of another size.
    """
    n = _square("fix_mask", module, name)
    kept = mask.matrix().toarray().T if isinstance(mask, DirectedGraph) else np.asarray(mask)
    if kept.shape != (n, n) or not np.isin(kept, (0, 1)).all():
        raise ParameterError("fix_mask.mask", f"must be a graph of {n} nodes, or zeros and ones [{n}, {n}]", brief(mask))
    weight = getattr(module, name)
    parametrize.register_parametrization(
        module, name, FixedMask(torch.as_tensor(kept != 0, device=weight.device).to(weight.dtype))
    )


def joined(spatial: torch.Tensor, temporal: torch.Tensor, how: str = "or") -> torch.Tensor:
    """Two masks of logits at 0, and one of them, both or either: zeros and ones.

    ``how`` is "spatial", "temporal", "and" or "or"; raises ParameterError for another, and for logits of different shapes.
    """
    if not is_one_of(how, JOINS):
        raise ParameterError("joined.how", f"must be one of {', '.join(JOINS)}", brief(how), did_you_mean(how, JOINS))
    if spatial.shape != temporal.shape:
        raise ParameterError("joined", "must get logits of one shape", f"{tuple(spatial.shape)} and {tuple(temporal.shape)}")
    v, a = spatial > 0, temporal > 0
    return {"spatial": v, "temporal": a, "and": v & a, "or": v | a}[how].to(spatial.dtype)


def graph_of_mask(mask: torch.Tensor) -> DirectedGraph:
    """The network of a mask [post, pre]; arcs from a neuron to itself are left out and counted."""
    return graph_of_matrix((mask.detach().cpu().numpy() != 0).T)


def _square(where: str, module: object, name: str) -> int:
    weight = getattr(module, name, None) if isinstance(module, torch.nn.Module) else None
    if not isinstance(weight, torch.Tensor) or weight.dim() != 2 or weight.shape[0] != weight.shape[1] or len(weight) < 2:
        came = "none" if weight is None else brief(tuple(weight.shape)) if isinstance(weight, torch.Tensor) else brief(weight)
        raise ParameterError(f"{where}.{name}", "must be a weight [n, n] of a torch module", came, "Recurrent has one")
    return len(weight)
