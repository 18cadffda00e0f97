"""AMPA, NMDA and GABA-A: first-order kinetics of receptors that a pulse of transmitter opens.

    dr/dt = alpha [T] (1 - r) - beta r,  [T] = transmitter for the time of a pulse after each arrival, else 0;  g = w r

The part r of a synapse's receptors is open. Transmitter does not add up: an arrival within a pulse prolongs it, so r saturates at
alpha [T] / (alpha [T] + beta). Synapses under transmitter (``on``, of the weight ``load``) and those without it (``off``) are two
sums, between which a synapse moves with its own r at the start and at the end of its pulses (Lytton 1996).

Source: Destexhe, Mainen & Sejnowski 1994, doi:10.1162/neco.1994.6.1.14; Lytton 1996, doi:10.1162/neco.1996.8.3.501; magnesium
block: Jahr & Stevens 1990, doi:10.1523/JNEUROSCI.10-09-03178.1990.

Not for weights that learn or are set while time runs: use Exponential, Alpha or BiExponential.
"""

from maichong.ops import exp
from maichong.spec import Param, State, receptor


def flow(on, off, load, alpha, beta, transmitter):
    return alpha * transmitter * (load - on) - beta * on, -beta * off, 0.0 * beta * load


def output(on, off):
    return on + off


def elapse(r, bound, lag, alpha, beta, transmitter):
    binding = bound * alpha * transmitter
    rate = binding + beta
    return binding / rate + (r - binding / rate) * exp(-rate * lag)


def arrive(w, r, bound):
    # one that is under transmitter already stays where it is
    moved = w * (1.0 - bound)
    return moved * r, -moved * r, moved


def leave(w, r):
    return -w * r, w * r, -w


def first_order(name, line, alpha, beta, e_rev, mg=None):
    """A receptor of this file by its constants; ``line`` says what it is."""
    return receptor(
        name,
        params=[
            Param("alpha", alpha, "1/(mM ms)", "rate of binding", above=0),
            Param("beta", beta, "1/ms", "rate of unbinding", above=0),
            Param("transmitter", 1.0, "mM", "concentration of transmitter in a pulse", above=0),
            Param("pulse", 1.0, "ms", "duration of a pulse, rounded to the grid", above=0),
        ],
        states=[
            State("on", 0.0, "weight", "open, of synapses under transmitter"),
            State("off", 0.0, "weight", "open, of synapses without transmitter"),
            State("load", 0.0, "weight", "weight of the synapses under transmitter"),
        ],
        source=[State("r", 0.0, "", "part of the receptors of a source's synapses that is open")],
        pulse="pulse",
        flow=flow,
        output=output,
        elapse=elapse,
        arrive=arrive,
        leave=leave,
        e_rev=e_rev,
        mg=mg,
        doc=f"{line}\n{__doc__.partition(chr(10))[2]}",
    )


AMPA = first_order("AMPA", "AMPA receptor: fast excitation, opened by a pulse of transmitter.", 1.1, 0.19, 0.0)
NMDA = first_order("NMDA", "NMDA receptor: slow excitation that magnesium blocks at rest.", 0.072, 0.0066, 0.0, mg=1.0)
GABA_A = first_order("GABA_A", "GABA-A receptor: fast inhibition, opened by a pulse of transmitter.", 5.0, 0.18, -80.0)
