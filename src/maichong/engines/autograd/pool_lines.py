"""The lines of a kernel by which the mean of the spikes of each square of an image comes out in their place."""

from __future__ import annotations

from maichong.engines.autograd.shapes import Shape
from maichong.engines.events.lower import Writer


def _squares(w: Writer, shape: Shape) -> str:
    """The loop over squares of the block, each the ``q``-th of its line; returns where in the pooled image that is."""
    side = shape.pool
    w.line(f"pooled = U((t * rows + row) * (width // {side * side}) + begin // {side * side})")
    w.line(f"for line in range(many // U(span * {side})):")
    w.line(f"    top = line * U(span * {side})")
    w.line("    for q in range(across):")
    return "pooled + line * across + q"


def pool(w: Writer, shape: Shape) -> None:
    """The mean of the spikes of each square."""
    side = shape.pool
    at = _squares(w, shape)
    places = [f"fired[top + U({y} * span + {x}) + U({side}) * q]" for y in range(side) for x in range(side)]
    w.line(f"        out_spikes[{at}] = ({' + '.join(places)}) * F({1.0 / side**2!r})")


def unpool(w: Writer, shape: Shape) -> None:
    """Each neuron's share of the gradient of its square."""
    side = shape.pool
    at = _squares(w, shape)
    w.line(f"        share = g_out_spikes[{at}] * F({1.0 / side**2!r})")
    for y in range(side):
        for x in range(side):
            w.line(f"        g_square[top + U({y} * span + {x}) + U({side}) * q] = share")
