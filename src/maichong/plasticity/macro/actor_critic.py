"""Actor-critic in spikes: one population predicts reward, others choose, and the prediction error teaches both.

Place cells x_j that fire near their place drive stochastic neurons i of a critic and of one population per action:

    u_i(t) = sum_j w_ij (x_j * eps)(t) + eta(t - t_i) + lateral_i(t);      rho_i = rho_0 exp((u_i - theta) / delta_u)
    eps(s) = eps_0 (exp(-s / tau_m) - exp(-s / tau_s)) / (tau_m - tau_s);      eta(s) = eta_0 exp(-s / tau_m)

Within an action's population spikes excite, between those of different actions they inhibit, so that one wins: the action whose
neurons fired most in a decision of ``duration`` ms. The critic's rate says what reward is to be expected:

    V = v_0 + v_scale (spikes of the critic / (neurons * duration))
    delta = r + gamma V(s') - V(s)
    e_ij <- (gamma lam)^(t / duration) e_ij, and grows by (x_j * eps) at each spike of i      (eligibility)
    w_ij <- w_ij + eta_i delta e_ij, within [w_min, w_max]

Since rho is an exponential, its gradient to w_ij is rho_i (x_j * eps) / delta_u: on average, the critic's eligibility is the
gradient of V, and the rule is TD(lambda) with the synapses in place of states. For the actor it is reward-modulated Hebb: what
fired before things went better than expected fires more.

Source: Fremaux, Sprekeler & Gerstner 2013, doi:10.1371/journal.pcbi.1003024. Departures: time comes in decisions, whose prediction
error is that of TD(lambda), and not the derivative of a filtered rate; faster membranes (5 ms, not 20), so that a decision is
about where the agent is and not where it was; a population for each action, in place of a ring; where
``actor="centred"`` (the default) the actor's eligibility at a place is taken relative to the mean over actions, so that what one
action gains the others lose.

Not for pixels: places must be laid out beforehand. To see the same rule between neurons of a Network, give delta as the signal of
a rule with an eligibility trace.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from maichong.errors import ParameterError, brief, did_you_mean, is_one_of
from maichong.spec.quantities import in_unit, is_number

ACTORS = ("centred", "hebbian")
PLACES = ("regular", "poisson")


@dataclass(frozen=True)
class ActorCritic:
    """Constants of the net, all times in ms, potentials in mV and rates in 1/ms.

    ``critics`` neurons predict, ``actors`` neurons stand for each of ``actions`` actions. Place cells fire regularly, as perfect
    integrators of their rate, or as Poisson processes (``places``). Raises ParameterError for what cannot be.

    One decision at a place with five place cells, which brings a reward of 1 and ends the episode:

    >>> import numpy as np
    >>> from maichong.plasticity.macro.actor_critic import ActorCritic, begin, decide, step
    >>> net, rng = ActorCritic(actions=2), np.random.default_rng(1)
    >>> state, seen = decide(net, begin(net, places=5, w=0.6, rng=rng), np.full(5, 0.24), rng)
    >>> later, _, delta = step(net, state, seen, reward=1.0, rates=None, rng=rng)
    >>> bool(delta == 1.0 - seen.value), bool((later.w[: net.critics] >= state.w[: net.critics]).all())
    (True, True)
    """

    actions: int
    critics: int = 100
    actors: int = 20
    duration: float = 20.0  # of a decision
    dt: float = 1.0
    tau_m: float = 5.0
    tau_s: float = 1.0
    eps_0: float = 20.0  # mV ms
    eta_0: float = -5.0
    theta: float = 16.0
    delta_u: float = 2.0
    rho_0: float = 0.06
    inhibition: float = 0.3  # mV that a spike takes from every neuron of the other actions
    excitation: float = 0.1  # mV that it gives to those of its own
    tau_lateral: float = 10.0
    gamma: float = 0.95
    lam: float = 0.8
    eta_critic: float = 5e-3
    eta_actor: float = 2e-2
    v_scale: float = 20.0  # ms: a rate of 1/20 ms is worth a reward of 1
    v_0: float = 0.0
    w_min: float = 0.0
    w_max: float = 1.5
    actor: str = "centred"
    places: str = "regular"

    def __post_init__(self) -> None:
        for name in ("actions", "critics", "actors"):
            value = getattr(self, name)
            least = 2 if name == "actions" else 1
            if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < least:
                raise ParameterError(f"ActorCritic.{name}", f"must be a whole number >= {least}", brief(value))
        above = ("duration", "dt", "tau_m", "tau_s", "eps_0", "delta_u", "rho_0", "tau_lateral", "v_scale")
        not_below = ("inhibition", "excitation", "gamma", "lam", "eta_critic", "eta_actor")
        for name in (*above, *not_below, "eta_0", "theta", "v_0", "w_min", "w_max"):
            value = getattr(self, name)
            bound = " > 0" if name in above else " >= 0" if name in not_below else ""
            low = bool(bound) and is_number(value) and (value <= 0 if name in above else value < 0)
            if not is_number(value) or not math.isfinite(value) or low:
                raise ParameterError(f"ActorCritic.{name}", f"must be a finite number{bound}", brief(value))
        for name in ("gamma", "lam"):
            if getattr(self, name) > 1:
                raise ParameterError(f"ActorCritic.{name}", "must lie in 0..1", brief(getattr(self, name)))
        if self.tau_s == self.tau_m:
            raise ParameterError("ActorCritic.tau_s", "must differ from tau_m", brief(self.tau_s))
        if self.w_min >= self.w_max:
            raise ParameterError("ActorCritic.w_min", f"must be < w_max = {self.w_max:g}", f"{self.w_min:g}")
        steps = self.duration / self.dt
        if abs(steps - round(steps)) > 1e-9 or steps < 1:
            raise ParameterError(
                "ActorCritic.duration", f"must be a whole number of steps of {self.dt:g} ms", brief(self.duration)
            )
        for name, choices in (("actor", ACTORS), ("places", PLACES)):
            if not is_one_of(getattr(self, name), choices):
                given = getattr(self, name)
                hint = did_you_mean(given, choices)
                raise ParameterError(f"ActorCritic.{name}", f"must be one of {', '.join(choices)}", brief(given), hint)

    @property
    def neurons(self) -> int:
        """All neurons: the critic's first, then those of each action."""
        return self.critics + self.actions * self.actors

    @property
    def steps(self) -> int:
        """Steps of a decision."""
        return round(self.duration / self.dt)


@dataclass(frozen=True)
class State:
    """What changes: ``w`` and ``e`` (eligibility) [neurons, places], ``phase`` [places] of regular place cells, the two traces
    ``slow`` and ``fast`` [places] whose difference is x * eps, ``after`` [neurons] (what the last spikes left, in mV) and
    ``lateral`` [actions] (recent spikes of each action)."""

    w: np.ndarray
    e: np.ndarray
    phase: np.ndarray
    slow: np.ndarray
    fast: np.ndarray
    after: np.ndarray
    lateral: np.ndarray


@dataclass(frozen=True)
class Decision:
    """What a decision gave: the ``action``, the critic's ``value``, and how often each neuron fired, ``counts`` [neurons]."""

    action: int
    value: float
    counts: np.ndarray


def begin(net: ActorCritic, places: int, w: float | np.ndarray, rng: np.random.Generator) -> State:
    """A net with ``places`` place cells, silent, its weights ``w`` one number or [neurons, places].

    Raises ParameterError for no places, and weights outside [w_min, w_max].
    """
    if isinstance(places, bool) or not isinstance(places, (int, np.integer)) or places < 1:
        raise ParameterError("actor_critic.begin, places", "must be a whole number >= 1", brief(places))
    given = np.asarray(in_unit(w, "", "actor_critic.begin, w"))
    if given.shape not in ((), (net.neurons, places)) or not (given >= net.w_min).all() or not (given <= net.w_max).all():
        expected = f"must be one number or [{net.neurons}, {places}], within {net.w_min:g} and {net.w_max:g}"
        raise ParameterError("actor_critic.begin, w", expected, brief(w))
    weights = np.broadcast_to(given, (net.neurons, places)).copy()
    return rested(net, State(weights, weights, rng.random(places), *(np.zeros(0),) * 4))


def rested(net: ActorCritic, state: State) -> State:
    """The net between two episodes: what it learned stays, activity and eligibility are gone."""
    places = state.w.shape[1]
    return State(
        state.w,
        np.zeros_like(state.w),
        state.phase,
        np.zeros(places),
        np.zeros(places),
        np.zeros(net.neurons),
        np.zeros(net.actions),
    )


def decide(net: ActorCritic, state: State, rates: np.ndarray, rng: np.random.Generator) -> tuple[State, Decision]:
    """Let place cells fire at ``rates`` [places], in 1/ms, for one decision."""
    spikes, phase = place_spikes(net, state.phase, rates, rng)
    psp, slow, fast = potentials(net, state, spikes)
    fired, after, lateral = fire(net, state, psp @ state.w.T, rng)
    left = (net.gamma * net.lam) ** (np.arange(net.steps - 1, -1, -1) / net.steps)
    # the actor's part of the newly marked is set against the other actions when it is learned from, in ``learned``
    e = net.gamma * net.lam * state.e + (fired * left[:, None]).T @ psp
    counts = fired.sum(axis=0)
    by_action = counts[net.critics :].reshape(net.actions, net.actors).sum(axis=1)
    best = np.flatnonzero(by_action == by_action.max())
    action = int(best[0] if best.size == 1 else rng.choice(best))
    value = net.v_0 + net.v_scale * float(counts[: net.critics].sum()) / (net.critics * net.duration)
    return State(state.w, e, phase, slow, fast, after, lateral), Decision(action, value, counts)


def prediction_error(net: ActorCritic, seen: Decision, reward: float, after: Decision | None) -> float:
    """delta of a decision that brought ``reward`` and was followed by ``after``; None: the episode ended."""
    return reward + (net.gamma * after.value if after else 0.0) - seen.value


def learned(net: ActorCritic, w: np.ndarray, e: np.ndarray, delta: float) -> np.ndarray:
    """The weights [neurons, places] after a prediction error ``delta``, by the eligibility ``e`` from before it was known."""
    change = delta * e
    change[: net.critics] *= net.eta_critic
    actors = change[net.critics :].reshape(net.actions, net.actors, -1)
    if net.actor == "centred":
        actors -= actors.mean(axis=(0, 1), keepdims=True)
    actors *= net.eta_actor
    return np.clip(w + change, net.w_min, net.w_max)


def place_spikes(
    net: ActorCritic, phase: np.ndarray, rates: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Spikes [steps, places] of the place cells, and their phase afterwards."""
    if net.places == "poisson":
        return (rng.random((net.steps, rates.size)) < -np.expm1(-rates * net.dt)).astype(np.float64), phase
    passed = np.floor(phase + np.outer(np.arange(net.steps + 1), rates * net.dt))
    return np.diff(passed, axis=0), (phase + net.duration * rates) % 1.0


def potentials(net: ActorCritic, state: State, spikes: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """x * eps [steps, places] in mV, and the two traces at the end; a spike acts from its own step on."""
    steps = np.arange(net.steps)
    since = steps[:, None] - steps
    found, ends = np.zeros_like(spikes), []
    for sign, tau, trace in ((1.0, net.tau_m, state.slow), (-1.0, net.tau_s, state.fast)):
        kernel = np.where(since >= 0, np.exp(-np.maximum(since, 0) * net.dt / tau), 0.0)
        course = kernel @ spikes + np.exp(-(steps[:, None] + 1) * net.dt / tau) * trace
        found += sign * course
        ends.append(course[-1])
    return found * (net.eps_0 / (net.tau_m - net.tau_s)), ends[0], ends[1]


def fire(net: ActorCritic, state: State, u: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Spikes [steps, neurons] of critic and actors at the potentials ``u`` that their input makes, and both traces at the end."""
    # u reaches a threshold theta + delta_u ln(E / (rho_0 dt)) with E ~ Exp(1) with the chance 1 - exp(-rho dt): the hazard's
    above = u - net.theta - net.delta_u * np.log(rng.standard_exponential(u.shape) / (net.rho_0 * net.dt))
    fired = np.zeros_like(u)
    after, lateral = state.after.copy(), state.lateral.copy()
    keeps, keeps_lateral = math.exp(-net.dt / net.tau_m), math.exp(-net.dt / net.tau_lateral)
    for t in range(net.steps):
        excess = above[t] + after
        among = (net.excitation + net.inhibition) * lateral - net.inhibition * lateral.sum()
        acting = excess[net.critics :].reshape(net.actions, net.actors)
        acting += among[:, None]
        np.greater_equal(excess, 0.0, out=fired[t], casting="unsafe")
        after *= keeps
        after += net.eta_0 * fired[t]
        lateral = keeps_lateral * lateral + fired[t, net.critics :].reshape(net.actions, net.actors).sum(axis=1)
    return fired, after, lateral


def step(
    net: ActorCritic,
    state: State,
    seen: Decision,
    reward: float,
    rates: np.ndarray | None,
    rng: np.random.Generator,
    *,
    learning: bool = True,
) -> tuple[State, Decision | None, float]:
    """The next decision at ``rates``, what is learned of the last one, ``seen``, and delta; no decision where the episode ended."""
    ahead, after = (state, None) if rates is None else decide(net, state, rates, rng)
    delta = prediction_error(net, seen, reward, after)
    return (replace(ahead, w=learned(net, state.w, state.e, delta)) if learning else ahead), after, delta
