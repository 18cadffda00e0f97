"""What arrived for one neuron within a step, in order of time: compiled once, called by the kernels that need it."""

from __future__ import annotations

from numba import njit


@njit(error_model="numpy")
def earliest_first(entry, following, event, before, order):
    """Write to ``order`` the chain of log entries that begins at ``entry``, the earliest first, and return their number.

    ``before`` says how long before the step's end each event comes. Few entries are the rule, many must not take for ever: Shell's
    sort with Knuth's gaps. It moves equal times about, always in the same way.
    """
    many = 0
    while entry >= 0:
        order[many] = entry
        many += 1
        entry = following[entry]
    gap = 1
    while gap < many // 3:
        gap = 3 * gap + 1
    while gap > 0:
        for k in range(gap, many):
            entry, at = order[k], k
            while at >= gap and before[event[order[at - gap]]] < before[event[entry]]:
                order[at] = order[at - gap]
                at -= gap
            order[at] = entry
        gap //= 3
    return many
