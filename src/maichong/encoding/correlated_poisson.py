"""Correlated Poisson trains: neurons that copy spikes of one hidden train, each spike with the same chance.

    hidden train: a Poisson train of rate / correlation
    P(a neuron copies a hidden spike) = correlation, independently

Each train is a Poisson train of ``rate``; the counts of any two of them, in windows of any length, have the correlation
coefficient ``correlation``, and so have higher orders: of n neurons, binomially many fire at a hidden spike, correlation n of
them on average (the multiple interaction process). With correlation 1 all trains are one.

On a grid a train spikes once a step at most, here with p = rate dt in each step. A neuron copies with
q = correlation + (1 - correlation) p and the hidden train spikes with p / q, which keeps both the rate and the correlation,
(q - p) / (1 - p), exact at any dt. A step costs nothing but where the hidden train spikes, and there a random word for each neuron.

The neurons of one population share a hidden train, those of another have another; project parts of a population with ExplicitList
where several populations are to share one. Copies fall into one step: spread them with delays that differ.

The hidden train's own rate dt / correlation must be below 1.

Source: Kuhn, Aertsen & Rotter 2003, doi:10.1162/089976603321780272.

Not where pairs alone are to be correlated: copies of one train correlate triplets and all higher orders too.
"""

from maichong.ops import log1p
from maichong.spec import Param, source


def copied(p, correlation):
    # (copied - p) / (1 - p) is the correlation of two trains that spike with p in each step
    return correlation + (1.0 - correlation) * p


def interval(u, rate, correlation, dt):
    # of the hidden train: geometric, as a spike comes with the same chance in every step; rate in Hz
    p = 0.001 * rate * dt
    return dt * log1p(-u) / log1p(-p / copied(p, correlation))


def copy(rate, correlation, dt):
    return copied(0.001 * rate * dt, correlation)


def chance(rate, correlation, dt):
    return 0.001 * rate * dt / correlation


CorrelatedPoisson = source(
    "CorrelatedPoisson",
    params=[
        Param("rate", 0.0, "Hz", "firing rate of each neuron", low=0.0),
        Param("correlation", 0.1, "", "correlation coefficient of the spike counts of any two neurons", above=0.0, high=1.0),
    ],
    interval=interval,
    copy=copy,
    chance=chance,
    doc=__doc__,
)
