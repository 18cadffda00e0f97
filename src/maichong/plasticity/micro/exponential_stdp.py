"""Postsynaptic STDP with an exponential weight dependence: the second rule that Diehl & Cook compare.

    post:  w <- w + eta (x exp(-beta w) - x_tar exp(-beta (w_max - w)))

x counts recent presynaptic spikes (tau_x). Large weights grow less and small ones shrink less, so weights settle inside
their bounds.

Source: Diehl & Cook 2015, doi:10.3389/fncom.2015.00099, equation 5. The paper leaves eta, beta and x_tar open; the defaults
are ours.
"""

from maichong.ops import exp
from maichong.spec import Param, Trace, rule


def on_post(w, x, eta, x_tar, beta, w_max):
    return w + eta * (x * exp(-beta * w) - x_tar * exp(-beta * (w_max - w)))


ExponentialSTDP = rule(
    "ExponentialSTDP",
    scope="synapse",
    params=[
        Param("eta", 0.01, "", "learning rate at a postsynaptic spike"),
        Param("x_tar", 0.4, "", "presynaptic activity that balances growth and decay"),
        Param("beta", 1.0, "", "strength of the weight dependence", low=0),
        Param("tau_x", 20.0, "ms", "presynaptic trace", above=0),
    ],
    traces=[Trace("x", on="pre", tau="tau_x", meaning="recent presynaptic spikes")],
    on_post=on_post,
    doc=__doc__,
)
