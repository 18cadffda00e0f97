"""A network whose training is timed, in torch: what lies between its neurons. The neurons are those of each tool.

Weighted sums know nothing of time, so all tools make them for all steps at once.
"""

import math

import torch


class Net(torch.nn.Module):
    """The layers of ``c``: weighted sums, neurons, means over spikes.

    ``neurons(c, recurrent)`` makes a module from currents [T, B, ...] to spikes of that shape; ``recurrent`` is None, or a Linear
    that leads from the spikes of a step to the currents of the next. A tool whose neurons multiply what they get has weights that
    are ``scale`` times as large. ``linear`` is the tool's layer of weighted sums, where it has one of its own.
    """

    def __init__(self, c, arrays, neurons, scale=1.0, linear=torch.nn.Linear):
        super().__init__()
        self.layers, self.names, self.scale = c.layers, [layer["name"] for layer in c.layers], scale
        self.sums, self.recurrent, self.neurons = (torch.nn.ModuleList() for _ in range(3))
        for layer in c.layers:
            if layer["kind"] == "conv":
                channels = layer["inputs"][0], layer["outputs"][0]
                self.sums.append(torch.nn.Conv2d(*channels, layer["kernel"], padding=c.padding or 0, bias=False))
            else:
                n = math.prod(layer["outputs"])
                self.sums.append(linear(math.prod(layer["inputs"]), n, bias=False))
            recurrent = torch.nn.Linear(n, n, bias=False) if layer["kind"] == "recurrent" else None
            self.neurons.append(neurons(c, recurrent))
            self.recurrent.append(recurrent)
        self.load(arrays)

    def load(self, arrays):
        """Take the initial weights."""
        with torch.no_grad():
            for name, sums, recurrent in zip(self.names, self.sums, self.recurrent, strict=True):
                sums.weight.copy_(self.scale * torch.from_numpy(arrays[f"w_{name}"]))
                if recurrent is not None:
                    recurrent.weight.copy_(self.scale * torch.from_numpy(arrays[f"u_{name}"]))

    def forward(self, x, rates=None):
        """Spikes of the last layer [T, B, N]; the mean of each layer's spikes goes into the list ``rates``."""
        steps = x.shape[:2]
        for layer, sums, neurons in zip(self.layers, self.sums, self.neurons, strict=True):
            if layer["kind"] != "conv":
                x = x.flatten(2)
            x = neurons(sums(x.flatten(0, 1)).unflatten(0, steps))
            if rates is not None:
                rates.append(x.mean().item())
            if layer["pool"] > 1:
                x = torch.nn.functional.avg_pool2d(x.flatten(0, 1), layer["pool"]).unflatten(0, steps)
        return x

    def gradients(self):
        """The norm of the gradient of each layer's weights."""
        found = {}
        for name, sums, recurrent in zip(self.names, self.sums, self.recurrent, strict=True):
            weights = [module.weight for module in (sums, recurrent) if module is not None]
            found[name] = self.scale * math.sqrt(sum(weight.grad.square().sum().item() for weight in weights))
        return found


class Arctan(torch.autograd.Function):
    """1 where x >= 0, whose derivative is taken to be that of an arctangent."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return (x >= 0).to(x.dtype)

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        return grad / (1 + (math.pi * x).square())
