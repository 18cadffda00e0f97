"""The differentiable engine: fused kernels, forward and backward through time, and plain torch, from the models' own functions."""
