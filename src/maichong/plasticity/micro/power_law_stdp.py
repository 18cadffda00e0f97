"""Postsynaptic STDP with a target trace and a power-law weight dependence: Diehl & Cook's headline rule.

    post:  w <- w + eta (x - x_tar) (w_max - w)^mu;      x counts recent presynaptic spikes (tau_x)

Inputs that were more active than x_tar are strengthened, the others weakened, at postsynaptic spikes alone, so it is the
cheapest of the rules that the paper compares. ``eta_pre > 0`` adds the paper's presynaptic depression,
pre: w <- w - eta_pre y w^mu, with y set to 1 at postsynaptic spikes (tau_y).

Source: Diehl & Cook 2015, doi:10.3389/fncom.2015.00099, equations 2 to 4; after Querlioz, Bichler, Dollfus & Gamrat 2013,
doi:10.1109/TNANO.2013.2250995. The paper leaves eta, mu and x_tar open; the defaults are ours.
"""

from maichong.ops import power
from maichong.spec import NEAREST, Param, Trace, rule


def on_pre(w, y, eta_pre, mu, w_min):
    return w - eta_pre * y * power(w - w_min, mu)


def on_post(w, x, eta, x_tar, mu, w_max):
    return w + eta * (x - x_tar) * power(w_max - w, mu)


PowerLawSTDP = rule(
    "PowerLawSTDP",
    scope="synapse",
    params=[
        Param("eta", 0.01, "", "learning rate at a postsynaptic spike"),
        Param("eta_pre", 0.0, "", "depression at a presynaptic spike; 0: none"),
        Param("x_tar", 0.4, "", "presynaptic activity that leaves a weight as it is"),
        Param("mu", 1.0, "", "weight dependence: 0 additive, 1 multiplicative", low=0, static=True),
        Param("tau_x", 20.0, "ms", "presynaptic trace", above=0),
        Param("tau_y", 20.0, "ms", "postsynaptic trace", above=0),
    ],
    traces=[
        Trace("x", on="pre", tau="tau_x", meaning="recent presynaptic spikes"),
        Trace("y", on="post", tau="tau_y", pairing=NEAREST, meaning="time since the last postsynaptic spike"),
    ],
    on_pre=on_pre,
    on_post=on_post,
    doc=__doc__,
)
