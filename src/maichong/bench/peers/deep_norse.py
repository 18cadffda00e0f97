"""Training in Norse: its SNN module with the step of its LIFBox, as it is or compiled.

Run by an interpreter that has Norse (norse.txt lists what it needs); imports nothing of maichong:

    python deep_norse.py --task task.json --json row.json

Norse's membrane takes what arrives times 1 - beta, so its weights are larger by the inverse. It has no arctangent, and its resets
let gradients through, so the step is LIFBox's with both in their places.
"""

from importlib.metadata import version

import deep_task
import torch
from deep_net import Arctan
from norse.torch.functional.lif_box import LIFBoxFeedForwardState, LIFBoxParameters
from norse.torch.module.snn import SNNCell


def step(x, state, p, dt):
    """Norse's lif_box_feed_forward_step."""
    v = state.v + dt * p.tau_mem_inv * (x + p.v_leak - state.v)
    spike = Arctan.apply(v - p.v_th)
    return spike, LIFBoxFeedForwardState(p.reset_method(spike.detach(), v, p.v_reset, p.v_th))


def at_rest(x):
    return LIFBoxFeedForwardState(torch.zeros_like(x))


class Loop(torch.nn.Module):
    """Norse's cells, one step after the other."""

    def __init__(self, c, recurrent):
        super().__init__()
        p = LIFBoxParameters(
            tau_mem_inv=torch.tensor(1 - c.beta), v_leak=torch.tensor(0.0), v_th=torch.tensor(c.v_th), v_reset=torch.tensor(0.0)
        )
        self.cell, self.recurrent = SNNCell(step, at_rest, p, dt=1.0), recurrent

    def forward(self, x):
        state, spike, spikes = None, torch.zeros_like(x[0]), []
        for current in x.unbind():
            if self.recurrent is not None:
                current = current + self.recurrent(spike)
            spike, state = self.cell(current, state)
            spikes.append(spike)
        return torch.stack(spikes)


if __name__ == "__main__":
    deep_task.run(__doc__, version("norse"), Loop, scale=lambda c: 1 / (1 - c.beta))
