"""A small real task for rules: scikit-learn's digits, 8 x 8 pixels, 1,400 to learn from and 397 held out."""

from typing import Any

import torch
from sklearn.datasets import load_digits

from maichong import LIF
from maichong.nn import MeanRate, Repeat, Sequential, Spiking

NEURON = LIF(tau_m=2.0, c_m=2.0, v_rest=0.0, v_th=0.5, v_r=0.0)


def data() -> tuple[torch.Tensor, torch.Tensor]:
    pixels, labels = load_digits(return_X_y=True)
    order = torch.randperm(len(pixels), generator=torch.Generator().manual_seed(0))
    return torch.tensor(pixels / 16, dtype=torch.float32)[order], torch.tensor(labels)[order]


def layered(*widths: int, steps: int = 8, seed: int = 0, engine: str = "auto") -> Sequential:
    """Linear layers and neurons by turns, with a readout of rates: names 1, 3, 5, ... are linear, 2, 4, 6, ... neurons."""
    torch.manual_seed(seed)
    layers: list[torch.nn.Module] = [Repeat(steps)]
    for k in range(len(widths) - 1):
        layers += [torch.nn.Linear(widths[k], widths[k + 1]), Spiking(NEURON, surrogate="rectangle", engine=engine)]
    return Sequential(*layers, MeanRate())


def mse(output: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    return torch.nn.functional.mse_loss(output, torch.nn.functional.one_hot(target, 10).to(output.dtype))


def trained(learner: Any, epochs: int = 10, lr: float = 3e-3) -> float:
    """Train with Adam, and return how many of the held-out digits are right."""
    pixels, labels = data()
    torch.set_num_threads(1)  # a net this small only waits for other threads
    optimiser = torch.optim.Adam([p for p in learner.net.parameters() if p.requires_grad], lr)
    for _ in range(epochs):
        order = torch.randperm(1400)
        for rows in order.split(50):
            optimiser.zero_grad()
            learner.learn(pixels[rows], labels[rows])
            optimiser.step()
    with torch.no_grad():
        return float((learner(pixels[1400:]).argmax(1) == labels[1400:]).float().mean())
