"""Training in SpikingJelly: its LIFNode over many steps, as it is or compiled.

Run by an interpreter that has SpikingJelly (spikingjelly.txt lists what it needs); imports nothing of maichong:

    python deep_spikingjelly.py --task task.json --json row.json

Recurrent neurons have no multi-step form: they are LIFNodes of single steps beside a Linear.
"""

from importlib.metadata import version

import deep_task
import torch
from spikingjelly.activation_based import neuron, surrogate


def node(c, **options):
    """A LIFNode: beta is 1 - 1/tau."""
    return neuron.LIFNode(
        tau=1 / (1 - c.beta), decay_input=False, v_threshold=c.v_th, v_reset=0.0, detach_reset=True,
        surrogate_function=surrogate.ATan(alpha=2.0), **options,
    )  # fmt: skip


class Steps(torch.nn.Module):
    """SpikingJelly's neurons over many steps."""

    def __init__(self, c):
        super().__init__()
        self.node = node(c, step_mode="m")

    def forward(self, x):
        self.node.reset()
        return self.node(x)


class Loop(torch.nn.Module):
    """SpikingJelly's recurrent neurons, one step after the other."""

    def __init__(self, c, recurrent):
        super().__init__()
        self.node, self.recurrent = node(c, step_mode="s"), recurrent

    def forward(self, x):
        self.node.reset()
        spike, spikes = torch.zeros_like(x[0]), []
        for current in x.unbind():
            spike = self.node(current + self.recurrent(spike))
            spikes.append(spike)
        return torch.stack(spikes)


def neurons(c, recurrent):
    return Steps(c) if recurrent is None else Loop(c, recurrent)


if __name__ == "__main__":
    deep_task.run(__doc__, version("spikingjelly"), neurons)
