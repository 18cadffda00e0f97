"""Training speed on the CPU: the networks of the field in maichong and the libraries that train spiking networks."""

from __future__ import annotations

NAME = "deep"
TITLE = "training with surrogate gradients on the CPU: fully connected, convolutional and recurrent LIF networks"
