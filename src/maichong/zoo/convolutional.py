"""A small convolutional net of artificial neurons, to compare a paper's spiking net with."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np


def trained(x: np.ndarray, y: np.ndarray, shape: tuple[int, int], epochs: int, seed: int) -> Callable[[np.ndarray], np.ndarray]:
    """A small convolutional net, trained on clean images, bool [images, pixels]: a function from images to answers."""
    import torch
    from torch import nn

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        small = min(shape) < 16  # the embedded digits are too small for a second layer of pooling
        height, width = (side // 2 if small else ((side - 4) // 2 - 4) // 2 for side in shape)
        first = nn.Conv2d(1, 16, 3, padding=1) if small else nn.Conv2d(1, 16, 5)
        second = [] if small else [nn.Conv2d(16, 32, 5), nn.ReLU(), nn.MaxPool2d(2)]
        channels = 16 if small else 32
        net = nn.Sequential(
            first, nn.ReLU(), nn.MaxPool2d(2), *second, nn.Flatten(), nn.Linear(channels * height * width, int(y.max()) + 1)
        )
        optimiser = torch.optim.Adam(net.parameters(), lr=1e-3)
        images, labels = torch.from_numpy(x.reshape(-1, 1, *shape)), torch.from_numpy(y)
        for _ in range(epochs):
            for batch in torch.randperm(len(images)).split(100):
                optimiser.zero_grad()
                nn.functional.cross_entropy(net(images[batch].float()), labels[batch]).backward()
                optimiser.step()

    def answer(shown: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            lots = torch.from_numpy(shown.reshape(-1, 1, *shape)).split(1000)
            return torch.cat([net(lot.float()).argmax(dim=1) for lot in lots]).numpy()

    return answer
