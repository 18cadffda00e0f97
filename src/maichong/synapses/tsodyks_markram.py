"""Short-term depression and facilitation: a spike uses the part u of the resources x that are left, and both recover.

    du/dt = -u / tau_f;  dx/dt = (1 - x) / tau_d;  a spike: u <- u + U (1 - u), then releases u x of the weight, x <- x - u x

With tau_f = 0 nothing facilitates and u is U at every spike; the first spike releases U of the weight. Spikes D apart settle at
u = U / (1 - (1 - U) exp(-D / tau_f)) and, before each of them, x = (1 - exp(-D / tau_d)) / (1 - (1 - u) exp(-D / tau_d)).

Source: Tsodyks, Pawelzik & Markram 1998, doi:10.1162/089976698300017502; as NEST's tsodyks2_synapse.

Not where vesicles are few and release is random: this is its mean.
"""

from maichong.ops import exp, where
from maichong.spec import Param, State, short_term


def elapse(u, x, lag, tau_f, tau_d):
    kept = where(tau_f > 0.0, exp(-lag / where(tau_f > 0.0, tau_f, lag)), 0.0)
    return u * kept, 1.0 - (1.0 - x) * exp(-lag / tau_d)


def used(u, U):
    """The part of the resources that this spike uses."""
    return u + U * (1.0 - u)


def release(u, x, U):
    return used(u, U) * x


def spike(u, x, U):
    now = used(u, U)
    return now, x - now * x


TsodyksMarkram = short_term(
    "TsodyksMarkram",
    params=[
        Param("U", 0.5, "", "part of the resources that a spike after long silence uses", above=0, high=1),
        Param("tau_d", 800.0, "ms", "time constant of the recovery from depression", above=0),
        Param("tau_f", 0.0, "ms", "time constant of the recovery from facilitation; 0: none", low=0),
    ],
    states=[State("u", 0.0, "", "use that earlier spikes have left"), State("x", 1.0, "", "resources that are left")],
    elapse=elapse,
    release=release,
    spike=spike,
    doc=__doc__,
)
