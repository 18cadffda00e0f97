"""Training in snnTorch: its Leaky neuron in a loop over time, as it is or compiled.

Run by an interpreter that has snnTorch (snntorch.txt lists what it needs); imports nothing of maichong:

    python deep_snntorch.py --task task.json --json row.json

Leaky resets to zero before it decays, as all tools do here. RLeaky would set what has just arrived to zero too, so recurrent
neurons are Leaky ones beside a Linear, which costs the same.
"""

from importlib.metadata import version

import deep_task
import snntorch
import torch


class Loop(torch.nn.Module):
    """snnTorch's neurons, one step after the other."""

    def __init__(self, c, recurrent):
        super().__init__()
        self.leaky, self.recurrent = snntorch.Leaky(beta=c.beta, threshold=c.v_th, reset_mechanism="zero"), recurrent

    def forward(self, x):
        v, spike, spikes = torch.zeros_like(x[0]), torch.zeros_like(x[0]), []
        for current in x.unbind():
            if self.recurrent is not None:
                current = current + self.recurrent(spike)
            spike, v = self.leaky(current, v)
            spikes.append(spike)
        return torch.stack(spikes)


if __name__ == "__main__":
    deep_task.run(__doc__, version("snntorch"), Loop)
