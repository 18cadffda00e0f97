"""Short-term depression and facilitation: a spike uses the part u of the resources x that are left, and both recover.

    du/dt = -u / tau_f;  dx/dt = z / tau_d;  dy/dt = -y / tau_psc;  z = 1 - x - y
    a spike: u <- u + U (1 - u), then releases r = u x of the weight: x <- x - r, y <- y + r

With tau_f = 0 nothing facilitates and u is U at every spike; the first spike releases U of the weight. ``tau_psc`` is the time
constant with which what is released, y, stays in action before it begins to recover (Tsodyks, Uziel & Markram 2000); it should be
that of the receptor. With tau_psc = 0, the default, it recovers at once: dx/dt = (1 - x) / tau_d. Spikes D apart then settle at
u = U / (1 - (1 - U) exp(-D / tau_f)) and, before each of them, x = (1 - exp(-D / tau_d)) / (1 - (1 - u) exp(-D / tau_d)).

``variant`` is one of

* standard: as above; NEST's tsodyks2_synapse, and with tau_psc its tsodyks_synapse.
* baseline_U: u relaxes to U instead of 0, and a spike releases u x with u as it is before it jumps (Markram, Wang & Tsodyks 1998).
  Release is the same, spike by spike: this u is what the standard one becomes at the spike. It is for who sets u or reads it.
* authors: a spike releases u x of the x that it leaves behind, u x (1 - u): less by 1 - u, as in the code of the group of
  Zhang & Xu 2021. To repeat its results only.

Source: Tsodyks, Pawelzik & Markram 1998, doi:10.1162/089976698300017502; Markram, Wang & Tsodyks 1998,
doi:10.1073/pnas.95.9.5323; Tsodyks, Uziel & Markram 2000, doi:10.1523/JNEUROSCI.20-01-j0003.2000.

Not where vesicles are few and release is random: this is its mean.
"""

from maichong.ops import absolute, exp, where
from maichong.spec import Param, State, Variant, short_term


def kept(lag, tau):
    """What of a quantity is left after ``lag`` that decays with ``tau``; with tau = 0, nothing."""
    return where(tau > 0.0, exp(-lag / where(tau > 0.0, tau, lag)), 0.0)


def recovering(lag, tau_psc, tau_d):
    """z after ``lag``, of y = 1 at its start."""
    equal = absolute(tau_psc / tau_d - 1.0) < 1e-4
    psc = where(equal, tau_psc, tau_d)
    together = lag / psc * exp(-lag * (1.0 / psc + 1.0 / tau_d) / 2.0)
    apart = where(equal, 0.5, 1.0 - tau_psc / tau_d)
    return where(equal, together, (exp(-lag / tau_d) - kept(lag, tau_psc)) / apart)


def resources(x, y, lag, tau_d, tau_psc):
    """x and y after ``lag`` without a spike."""
    acting = y * kept(lag, tau_psc)
    z = (1.0 - x - y) * exp(-lag / tau_d) + y * recovering(lag, tau_psc, tau_d)
    return 1.0 - acting - z, acting


def elapse(u, x, y, lag, tau_f, tau_d, tau_psc):
    left, acting = resources(x, y, lag, tau_d, tau_psc)
    return u * kept(lag, tau_f), left, acting


def used(u, U):
    """The part of the resources that this spike uses."""
    return u + U * (1.0 - u)


def release(u, x, U):
    return used(u, U) * x


def taken(u, x, y, tau_psc):
    """x and y after a spike that uses the part u."""
    return x - u * x, y + where(tau_psc > 0.0, u * x, 0.0)


def spike(u, x, y, U, tau_psc):
    now = used(u, U)
    left, acting = taken(now, x, y, tau_psc)
    return now, left, acting


def elapse_to_baseline(u, x, y, lag, U, tau_f, tau_d, tau_psc):
    left, acting = resources(x, y, lag, tau_d, tau_psc)
    return U + (u - U) * kept(lag, tau_f), left, acting


def release_before(u, x):
    return u * x


def spike_before(u, x, y, U, tau_psc):
    left, acting = taken(u, x, y, tau_psc)
    return used(u, U), left, acting


def release_depleted(u, x, U):
    now = used(u, U)
    return now * (x - now * x)


TsodyksMarkram = short_term(
    "TsodyksMarkram",
    params=[
        Param("U", 0.5, "", "part of the resources that a spike after long silence uses", above=0, high=1),
        Param("tau_d", 800.0, "ms", "time constant of the recovery from depression", above=0),
        Param("tau_f", 0.0, "ms", "time constant of the recovery from facilitation; 0: none", low=0),
        Param("tau_psc", 0.0, "ms", "time constant of what is released before it recovers; 0: it recovers at once", low=0),
    ],
    states=[
        State("u", 0.0, "", "use that earlier spikes have left"),
        State("x", 1.0, "", "resources that are left"),
        State("y", 0.0, "", "resources that are released and in action"),
    ],
    elapse=elapse,
    release=release,
    spike=spike,
    variants={
        "baseline_U": Variant(
            "u relaxes to U, and is used before it jumps: the same release",
            elapse=elapse_to_baseline,
            release=release_before,
            spike=spike_before,
            init={"u": "U"},
        ),
        "authors": Variant("a spike releases u of the x that it leaves behind", release=release_depleted),
    },
    doc=__doc__,
)
