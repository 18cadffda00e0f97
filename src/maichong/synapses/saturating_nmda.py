"""Saturating NMDA receptor: transmitter that decays opens the closed part of a synapse's receptors, which shut slowly.

    ds/dt = alpha x (1 - s) - s / tau_decay;    dx/dt = -x / tau_rise;    a spike: x <- x + 1;    g = w s

The part s of a synapse's receptors is open, and magnesium blocks them. With receptors of ``tau`` alone beside it, AMPA as
Exponential(tau=2, e_rev=0) and GABA-A as Exponential(tau=5, e_rev=-70), this is the set of working-memory models.

It is solved, not stepped. Between spikes x = x_0 exp(-t / tau_rise), and with z = alpha tau_rise x and rho = tau_rise / tau_decay

    s = slow exp(z) - m(z),    d slow/dt = -slow / tau_decay,    m(z) = sum over n >= 1 of z^n / ((1 - rho) (2 - rho) ... (n - rho))

so that each source keeps ``slow`` and ``z``. A target sums the powers of z, of which each decays with a time constant of its own: a
spike costs one visit to its synapses, and a step nothing for each. Powers from 6 on go together, so that g is right at each spike
and in the end; in between it is off by 6e-6 of w after a lone spike, by 3e-5 when spikes are 2 ms apart, by 3e-4 at 1 ms.
Transmitter counts up to z = 4, which opens 99.5 % of the receptors: spikes of one source 0.6 ms apart would reach it.

Source: Wang 1999, doi:10.1523/JNEUROSCI.19-21-09587.1999; magnesium block: Jahr & Stevens 1990,
doi:10.1523/JNEUROSCI.10-09-03178.1990. The solution is that of a linear equation by its integrating factor.

Not for weights that learn or are set while time runs: use BiExponential, which does not saturate. Where pulses of transmitter are
short, see NMDA.
"""

from maichong.errors import ParameterError
from maichong.ops import exp, minimum
from maichong.spec import Configured, Param, State, receptor

MOST = 4.0
"""The largest z: up to here the powers below 6, and what goes with them, follow s."""


def four(z, rho, n, rest):
    """Four terms of the nested sum 1 / (n - rho) - z / (n + 1) (1 / (n + 1 - rho) - z / (n + 2) (...)); ``rest`` follows them."""
    rest = 1.0 / (n + 3.0 - rho) - z / (n + 4.0) * rest
    rest = 1.0 / (n + 2.0 - rho) - z / (n + 3.0) * rest
    rest = 1.0 / (n + 1.0 - rho) - z / (n + 2.0) * rest
    return 1.0 / (n - rho) - z / (n + 1.0) * rest


def shed(z, rho):
    """exp(-z) (1 + m(z)) = 1 - rho sum over n >= 1 of (-z)^n / (n! (n - rho)), by Kummer's transformation.

    20 terms are right to 1e-10 at z = 4.
    """
    return 1.0 + rho * z * four(z, rho, 1.0, four(z, rho, 5.0, four(z, rho, 9.0, four(z, rho, 13.0, four(z, rho, 17.0, 0.0)))))


def powers(slow, z, rho):
    """The terms of slow exp(z) and of m(z) with z^1 to z^5."""
    s1 = slow * z
    s2 = s1 * z / 2.0
    s3 = s2 * z / 3.0
    s4 = s3 * z / 4.0
    m1 = z / (1.0 - rho)
    m2 = m1 * z / (2.0 - rho)
    m3 = m2 * z / (3.0 - rho)
    m4 = m3 * z / (4.0 - rho)
    return s1, s2, s3, s4, s4 * z / 5.0, m1, m2, m3, m4, m4 * z / (5.0 - rho)


def rests(slow, z, rho):
    """What is left of slow exp(z) and of m(z) beside those."""
    s1, s2, s3, s4, s5, m1, m2, m3, m4, m5 = powers(slow, z, rho)
    s_rest = slow * exp(z) - (slow + s1 + s2 + s3 + s4 + s5)
    return s_rest, exp(z) * shed(z, rho) - (1.0 + m1 + m2 + m3 + m4 + m5)


def more(slow, z, step, rho):
    """slow and z when z has grown by ``step``, and s goes on from where it is."""
    grown = minimum(z + step, MOST)
    return shed(grown, rho) - exp(z - grown) * (shed(z, rho) - slow), grown


def spike(slow, z, alpha, tau_rise, tau_decay):
    rho = tau_rise / tau_decay
    slower, grown = more(slow, z, alpha * tau_rise, rho)
    s_rest, m_rest = rests(slower, grown, rho)
    return slower, grown, s_rest, m_rest


def elapse(slow, z, s_rest, m_rest, lag, tau_rise, tau_decay):
    shut, gone = exp(-lag / tau_decay), exp(-lag / tau_rise)
    together = gone * gone * gone * gone * gone * gone
    return slow * shut, z * gone, s_rest * shut * together, m_rest * together


def arrive(w, slow, z, s_rest, m_rest, alpha, tau_rise, tau_decay):
    rho = tau_rise / tau_decay
    slower, grown, s6, m6 = spike(slow, z, alpha, tau_rise, tau_decay)
    s1, s2, s3, s4, s5, m1, m2, m3, m4, m5 = powers(slower, grown, rho)
    o1, o2, o3, o4, o5, q1, q2, q3, q4, q5 = powers(slow, z, rho)
    return (
        w * (slower - slow), w * (s1 - o1), w * (s2 - o2), w * (s3 - o3), w * (s4 - o4), w * (s5 - o5), w * (s6 - s_rest),
        w * (m1 - q1), w * (m2 - q2), w * (m3 - q3), w * (m4 - q4), w * (m5 - q5), w * (m6 - m_rest),
    )  # fmt: skip


def flow(s0, s1, s2, s3, s4, s5, s6, m1, m2, m3, m4, m5, m6, tau_rise, tau_decay):
    shut, gone = 1.0 / tau_decay, 1.0 / tau_rise
    return (
        -shut * s0, -(shut + gone) * s1, -(shut + 2.0 * gone) * s2, -(shut + 3.0 * gone) * s3,
        -(shut + 4.0 * gone) * s4, -(shut + 5.0 * gone) * s5, -(shut + 6.0 * gone) * s6,
        -gone * m1, -2.0 * gone * m2, -3.0 * gone * m3, -4.0 * gone * m4, -5.0 * gone * m5, -6.0 * gone * m6,
    )  # fmt: skip


def output(s0, s1, s2, s3, s4, s5, s6, m1, m2, m3, m4, m5, m6):
    # m nearly makes up for s power by power: their differences are small where they themselves are not
    return s0 + (s1 - m1) + (s2 - m2) + (s3 - m3) + (s4 - m4) + (s5 - m5) + (s6 - m6)


def validate(given: Configured) -> None:
    """ParameterError where the solution does not hold."""
    alpha, rise, decay = given["alpha"], given["tau_rise"], given["tau_decay"]
    if not all(isinstance(value, float) for value in (alpha, rise, decay)):
        return  # a projection refuses what is not one number for all
    if rise >= decay:
        raise ParameterError("SaturatingNMDA.tau_rise", f"must be < tau_decay, {decay:g} ms", f"{rise:g} ms")
    if alpha * rise > MOST:
        said = f"must be <= {MOST:g} / tau_rise = {MOST / rise:g} 1/ms, at which one spike opens nearly all receptors"
        raise ParameterError("SaturatingNMDA.alpha", said, f"{alpha:g} 1/ms")


SaturatingNMDA = receptor(
    "SaturatingNMDA",
    params=[
        Param("alpha", 0.5, "1/ms", "rate at which the transmitter of one spike opens receptors", above=0),
        Param("tau_rise", 2.0, "ms", "time constant of the transmitter's decay", above=0),
        Param("tau_decay", 100.0, "ms", "time constant of the receptors' shutting", above=0),
    ],
    states=[
        State("s0", 0.0, "weight", "sum over synapses of slow exp(z): its term without z"),
        *(State(f"s{k}", 0.0, "weight", f"sum over synapses of slow exp(z): its power {k} of z") for k in range(1, 6)),
        State("s6", 0.0, "weight", "sum over synapses of slow exp(z): its powers from 6 on"),
        *(State(f"m{k}", 0.0, "weight", f"sum over synapses of m(z): its power {k} of z") for k in range(1, 6)),
        State("m6", 0.0, "weight", "sum over synapses of m(z): its powers from 6 on"),
    ],
    source=[
        State("slow", 0.0, "", "(s + m(z)) exp(-z) of a source's synapses"),
        State("z", 0.0, "", "alpha tau_rise x: the transmitter of a source"),
        State("s_rest", 0.0, "", "what goes with the powers of slow exp(z) from 6 on"),
        State("m_rest", 0.0, "", "what goes with the powers of m(z) from 6 on"),
    ],
    spike=spike,
    elapse=elapse,
    arrive=arrive,
    flow=flow,
    output=output,
    validate=validate,
    e_rev=0.0,
    mg=1.0,
    doc=__doc__,
)  # fmt: skip
