"""``Potentials``: a feed-forward pass of spiking neurons through a net's weights, from whose potentials its free phase begins."""

from __future__ import annotations

import torch

from maichong.engines.autograd.cell import in_torch
from maichong.engines.release import WHOLE, released_by
from maichong.engines.system import evaluate
from maichong.errors import EngineError, ParameterError, brief
from maichong.learning.equilibrium import EquilibriumNet, States, steps_of
from maichong.nn import Spiking
from maichong.spec import Configured, ShortTermModel


class Potentials(torch.nn.Module):
    """Mean potentials of spiking neurons of ``model`` in each layer of a net, as parts of the threshold, cut to 0..1.

    Inputs x are currents, the same in each of ``steps`` steps of 1 ms; each layer hears the spikes of the one below through the
    net's weights and biases, and nothing comes back. With ``short_term``, such as ``TsodyksMarkram()``, a spike is heard as what it
    releases. ``potentials(net, x)`` is [batch, n] for each layer, from 0 at rest to 1 in a neuron that is over its threshold in
    each step; a step that ends in a spike counts as 1, as the reset hides where the potential got to.

    The model must rest at 0 mV and have a threshold ``v_th`` above that. A LIF with tau_m = c_m comes to a potential, in mV, of its
    input, in pA, so that the net's own clipped drives are what it approaches. ``engine`` is that of ``Spiking``.

    Raises ParameterError for another model, another short-term rule and a number of steps below 1, EngineError for what is no
    EquilibriumNet.

    Source: the first of the phases of Zhang et al. 2018, doi:10.1609/aaai.v32i1.11317 and doi:10.24963/ijcai.2018/229. Not where
    times of spikes matter: the means alone go on.

    >>> import torch
    >>> from maichong import LIF
    >>> potentials = Potentials(LIF(tau_m=2.0, c_m=2.0, v_rest=0.0, v_th=1.0, v_r=0.0), steps=20)
    >>> [tuple(s.shape) for s in potentials(EquilibriumNet([4, 8, 3]), torch.rand(5, 4))]
    [(5, 8), (5, 3)]
    """

    def __init__(self, model: Configured, steps: int, *, short_term: Configured | None = None, engine: str = "auto") -> None:
        super().__init__()
        names = {param.name for param in model.model.params} if isinstance(model, Configured) else set()
        if not {"v_rest", "v_th"} <= names or model["v_rest"] != 0 or not model["v_th"] > 0:
            raise ParameterError("Potentials, model", "must be a neuron with v_rest = 0 and v_th > 0 mV", brief(model))
        if short_term is not None:
            known = isinstance(short_term, Configured) and isinstance(short_term.model, ShortTermModel)
            if not known:
                raise ParameterError("Potentials, short_term", "must be a rule such as TsodyksMarkram()", brief(short_term))
        self.steps, self.v_th = steps_of("Potentials", steps), float(model["v_th"])
        self.cells = Spiking(model, outputs=("spikes", "v"), engine=engine)
        self.short_term = short_term

    @torch.no_grad()
    def forward(self, net: EquilibriumNet, x: torch.Tensor, heard: torch.Tensor | None = None) -> States:
        if not isinstance(net, EquilibriumNet):
            raise EngineError("Potentials, net", "must be an EquilibriumNet", brief(net))
        net.check(x)
        found: list[torch.Tensor] = []
        current = (net.heard(x) if heard is None else heard).expand(self.steps, len(x), -1)
        for k in range(len(net.weights)):
            spikes, v = self.cells(current)
            found.append(torch.maximum(v.div_(self.v_th), spikes).clamp_(0.0, 1.0).mean(dim=0))
            if k + 1 < len(net.weights):
                sent = spikes if self.short_term is None else released(self.short_term, spikes, self.cells.cell.dt)
                current = sent @ net.weights[k + 1] + net.biases[k + 1]
        return tuple(found)


@torch.no_grad()
def released(rule: Configured, spikes: torch.Tensor, dt: float) -> torch.Tensor:
    """What each of ``spikes`` [time, batch, n], in steps of ``dt`` ms, releases of its weight by a short-term rule."""
    release = released_by(rule)
    bound = {call.function: in_torch(call.function) for call in (release.elapse, *release.send)}
    like = spikes[0]
    known = {name: like.new_tensor(value) for name, value in release.params.items()} | {"lag": like.new_tensor(dt)}
    known |= {name: torch.full_like(like, value) for name, value in release.start.items()}
    found = torch.empty_like(spikes)
    for t, now in enumerate(spikes):
        if t:
            evaluate([release.elapse], known, bound.__getitem__)
        evaluate(release.send, known, bound.__getitem__)
        torch.mul(now, known[f"amount_{WHOLE}"], out=found[t])
        known |= {name: torch.where(now > 0, known[f"next_{name}"], known[name]) for name in release.states}
    return found
