"""What the gates of ion channels share: a rate whose singular point is removable, relaxation, and the value at rest.

    dx/dt = alpha (1 - x) - beta x;      x -> alpha / (alpha + beta);      rel(z) = z / (exp(z) - 1)

Source: Hodgkin & Huxley 1952, doi:10.1113/jphysiol.1952.sp004764.
"""

from maichong.ops import absolute, expm1, where


def rel(z):
    """z / (exp(z) - 1), which is 1 - z/2 near 0."""
    small = absolute(z) < 1e-7
    away = where(small, 1.0, z)
    return where(small, 1.0 - 0.5 * z, away / expm1(away))


def relax(x, alpha, beta):
    """The flow of a gate that opens at the rate alpha and closes at the rate beta."""
    return alpha * (1.0 - x) - beta * x


def at_rest(alpha, beta):
    """Where a gate stays."""
    return alpha / (alpha + beta)
