"""A standard normal number of a random word in float32, as code that vectorises."""

from __future__ import annotations

import numpy as np
from numba import njit

from maichong.engines.events.runtime import log32

F = np.float32


@njit(error_model="numpy", forceinline=True, fastmath={"contract"})
def gauss32(word):
    """z with Phi(z) = (word + 1/2) / 2**32, to 4e-7 of its size.

    The rational approximations of Wichura 1988, doi:10.2307/2347330, algorithm PPND7. Both branches are worked out. The tail
    starts from the distance to the nearer end, an integer, so that nothing cancels; its far part lies beyond the last word.
    """
    q = (F(np.int32(np.uint32(word) ^ np.uint32(0x80000000))) + F(0.5)) * F(2.0**-32)
    r = F(0.180625) - q * q
    above = F(59.109374720) * r + F(159.29113202)
    above = above * r + F(50.434271938)
    above = above * r + F(3.3871327179)
    below = F(67.187563600) * r + F(78.757757664)
    below = below * r + F(17.895169469)
    centre = q * above / (below * r + F(1.0))
    other = np.uint32(np.uint32(word) ^ np.uint32(0xFFFFFFFF))
    nearer = np.uint32(word) if np.uint32(word) < other else other
    s = np.sqrt(-log32((F(nearer) + F(0.5)) * F(2.0**-32))) - F(1.6)  # pyright: ignore[reportCallIssue]
    above = F(0.17023821103) * s + F(1.3067284816)
    above = above * s + F(2.7568153900)
    above = above * s + F(1.4234372777)
    below = F(0.12021132975) * s + F(0.73700164250)
    size = above / (below * s + F(1.0))
    tail = -size if q < F(0.0) else size
    return centre if abs(q) <= F(0.425) else tail
