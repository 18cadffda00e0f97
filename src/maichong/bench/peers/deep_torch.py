"""Training in plain torch: a loop over time, as it is or compiled.

Run by an interpreter that has torch (torch.txt lists what it needs); imports nothing of maichong:

    python deep_torch.py --task task.json --json row.json
"""

import deep_task
import torch
from deep_net import Arctan


class Loop(torch.nn.Module):
    """Leaky integrate-and-fire neurons, one step after the other."""

    def __init__(self, c, recurrent):
        super().__init__()
        self.beta, self.v_th, self.recurrent = c.beta, c.v_th, recurrent

    def forward(self, x):
        v, spike, spikes = torch.zeros_like(x[0]), torch.zeros_like(x[0]), []
        # unbind: the gradient of x[t] would be as large as x at each t
        for current in x.unbind():
            if self.recurrent is not None:
                current = current + self.recurrent(spike)
            v = torch.add(current, v, alpha=self.beta)
            spike = Arctan.apply(v - self.v_th)
            v = v * (1 - spike.detach())
            spikes.append(spike)
        return torch.stack(spikes)


if __name__ == "__main__":
    deep_task.run(__doc__, torch.__version__, Loop)
