"""Delta receptor: a spike jumps the target's membrane by its weight, in mV.

    arrival: v <- v + w

Arrivals while the target is refractory are lost, as in NEST's iaf_psc_delta.

Source: Brunel 2000, doi:10.1023/A:1008925309027.

Not where the time course of a synapse matters.
"""

from maichong.spec import receptor


def arrive(w):
    return w


Delta = receptor("Delta", arrive=arrive, doc=__doc__)
