"""What the gates of ion channels share: a rate whose singular point is removable, relaxation, the value at rest, and the current
through the channels of Hodgkin and Huxley.

    dx/dt = alpha (1 - x) - beta x;      x -> alpha / (alpha + beta);      rel(z) = z / (exp(z) - 1)
    ionic = g_leak (e_leak - v) + g_na m^3 h (e_na - v) + g_k n^4 (e_k - v)

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


def ionic(v, m, h, n, g_leak, g_na, g_k, e_leak, e_na, e_k):
    """The current into the cell through its leak, its sodium and its potassium channels."""
    sodium = g_na * m * m * m * h
    potassium = g_k * n * n * n * n
    return g_leak * (e_leak - v) + sodium * (e_na - v) + potassium * (e_k - v)
