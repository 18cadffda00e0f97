"""The plan of one projection: its synapses as flat arrays, drawn when asked for, and what is known without drawing them."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

import numpy as np

from maichong.engines.delays import LONGEST, likely, to_steps
from maichong.engines.release import Release, release_of
from maichong.engines.streams import generator, stream_of
from maichong.engines.system import Port
from maichong.errors import NetworkError
from maichong.network import Projection
from maichong.random import two_uniforms
from maichong.spec import Configured, DistanceKernel, Distribution, RuleModel, Trace
from maichong.spec.rule_model import SPIKES, weight_bounds
from maichong.topology import RandomConnector
from maichong.topology.connectors import Pairs


@dataclass(frozen=True)
class Synapses:
    """The synapses of a projection, sorted by pre, then post: four arrays of one length.

    ``weight`` (float64) and ``delay`` (int16, steps) have one entry where all synapses share it.
    """

    pre: np.ndarray
    post: np.ndarray
    weight: np.ndarray
    delay: np.ndarray


@dataclass(frozen=True)
class ProjectionPlan:
    """One projection. What is random is drawn when ``synapses`` is called, each time the same, and not kept.

    ``dense`` connectors (all_to_all, all_but_self) need no indices; ``delay`` is the one delay in steps that all synapses
    share, or None, and ``weight`` likewise the one weight. ``exact`` says that spikes arrive at their own times, off the grid.
    """

    name: str
    pre_population: int
    post_population: int
    projection: Projection
    port: Port
    n_pre: int
    n_post: int
    dt: float
    seed: int
    exact: bool = False

    @property
    def connector(self) -> str:
        """The kind of connector."""
        return self.projection.connector.kind

    @property
    def rules(self) -> tuple[Configured, ...]:
        """The rules of the weights."""
        return self.projection.plasticity

    @property
    def dense(self) -> bool:
        """Whether every pair has a synapse (but for the diagonal, where the connector is all_but_self)."""
        return self.connector in ("all_to_all", "all_but_self")

    @property
    def streamed(self) -> RandomConnector | None:
        """The connector, where synapses are drawn line by line from counters: no list of them is needed to build them."""
        connector, given = self.projection.connector, (self.projection.weight, self.projection.delay)
        listed = any(np.ndim(value) for value in given if not isinstance(value, Distribution))
        listed |= isinstance(self.projection.dendritic_delay, Distribution) or np.ndim(self.projection.dendritic_delay) > 0
        return connector if isinstance(connector, RandomConnector) and not listed else None

    @functools.cached_property
    def release(self) -> Release | None:
        """What spikes release at their synapses, where that is not simply the weight."""
        return release_of(self.projection, self.dt)

    @functools.cached_property
    def degrees(self) -> np.ndarray:
        """How many partners each neuron draws, int64 [lines]; of random connectors."""
        connector = self.projection.connector
        assert isinstance(connector, RandomConnector)
        return connector.degrees(*connector.lines(self.n_pre, self.n_post), generator(self.seed, self.name, "degrees"))

    @property
    def spike_rule(self) -> Configured | None:
        """The rule that acts at spikes or steps, or keeps something of its own, if there is one."""
        for rule in self.rules:
            if isinstance(rule.model, RuleModel) and (rule.model.acts_by_itself or rule.model.keeps):
                return rule
        return None

    def clock(self, rule: Configured) -> str | None:
        """The name of the signal at which a rule's ``on_signal`` acts: of the user's, or of the clock that ticks for it."""
        model = rule.model
        assert isinstance(model, RuleModel)
        return f"every {float(rule[model.every]):.15g} ms" if model.every else model.signal

    @property
    def bounds(self) -> tuple[float, float]:
        """The smallest and the largest weight that all rules, and the sign of the source, allow: every write, by whichever rule, is
        clipped to them."""
        limits = [weight_bounds(rule) for rule in self.rules]
        limits += [(0.0, np.inf)] if self.projection.keeps > 0 else [(-np.inf, 0.0)] if self.projection.keeps < 0 else []
        return max((low for low, _ in limits), default=-np.inf), min((high for _, high in limits), default=np.inf)

    @functools.cached_property
    def delay(self) -> int | None:
        """The delay in steps that all synapses share, 0 without one; None where they differ.

        Where no rule tells the two apart it holds the dendritic delay too.
        """
        value = self.projection.delay
        if isinstance(value, Distribution) and self.streamed:
            low, high = self._bounded(to_steps(np.array(_reach(value)), self.dt) + self.shift)
            return int(low) if low == high else None
        if isinstance(value, DistanceKernel) and np.ptp(value.bounds()):
            return None
        return _shared(self.delays())

    @property
    def dendritic(self) -> int | None:
        """The dendritic delay in steps that all synapses share, as far as a rule sees it; None where they may differ."""
        value = self.projection.dendritic_delay
        if not self.sees_dendrites:
            return 0
        return None if isinstance(value, Distribution) or np.ndim(value) else int(to_steps(value, self.dt))

    @property
    def sees_dendrites(self) -> bool:
        """Whether it matters to a rule which part of the delay is dendritic."""
        return self.spike_rule is not None and self.projection.dendritic_delay is not None

    @property
    def shift(self) -> int:
        """A dendritic delay that is one number, in steps, where no rule sees it: it is added to the other delay."""
        value = self.projection.dendritic_delay
        if value is None or self.sees_dendrites or isinstance(value, Distribution) or np.ndim(value):
            return 0
        return int(to_steps(value, self.dt))

    @property
    def weight(self) -> float | None:
        """The weight that all synapses share for good; None where they differ or may change."""
        value = self.projection.weight
        return None if self.rules or isinstance(value, Distribution) or np.ndim(value) else float(value)

    @functools.cached_property
    def size(self) -> int:
        """The number of synapses."""
        if isinstance(self.projection.connector, RandomConnector):
            return int(self.degrees.sum())
        if not self.projection.connector.counted:
            return self.pairs()[0].size
        return int(self.projection.connector.expected(self.n_pre, self.n_post))

    @functools.cached_property
    def longest(self) -> int:
        """The longest delay in steps."""
        value, apart = self.projection.delay, self.projection.dendritic_delay is None or self.sees_dendrites or self.shift
        if isinstance(value, Distribution) and np.isfinite(value.bounds()[1]) and apart:
            return int(self._bounded(to_steps(value.bounds()[1], self.dt) + self.shift))
        if isinstance(value, Distribution) and self.streamed:
            return int(self._bounded(to_steps(_reach(value)[1], self.dt) + self.shift))
        return int(self.delays().max(initial=0))

    @functools.cached_property
    def longest_dendritic(self) -> int:
        """The longest dendritic delay that a rule sees, in steps."""
        value = self.projection.dendritic_delay
        if not self.sees_dendrites:
            return 0
        if isinstance(value, Distribution) and np.isfinite(value.bounds()[1]):
            return int(self._bounded(to_steps(value.bounds()[1], self.dt)))
        return int(self.dendritic_delays().max(initial=0))

    @property
    def shortest(self) -> int:
        """The shortest delay in steps, of projections whose delays are drawn line by line."""
        assert isinstance(self.projection.delay, Distribution)
        return int(to_steps(_reach(self.projection.delay)[0], self.dt)) + self.shift

    @functools.cached_property
    def likely_delays(self) -> tuple[int, int]:
        """How many different delays there will be, and the longest, in steps; where they are random the numbers to expect, so
        that nothing is drawn."""
        number, longest = self._likely(self.projection.delay)
        if self.sees_dendrites or self.projection.dendritic_delay is None:
            return number, longest
        more, longer = self._likely(self.projection.dendritic_delay)
        return number + more - 1, longest + longer

    def _likely(self, value: Any) -> tuple[int, int]:
        if isinstance(value, Distribution) and not value.of_pairs:
            return likely(value, self.projection.connector.expected(self.n_pre, self.n_post), self.dt)
        if isinstance(value, DistanceKernel):
            apart, number = self.projection.connector.likely_distances()
            steps, place = np.unique(to_steps(value.at(apart), self.dt), return_inverse=True)
            met = steps[np.bincount(place, number) > 0.5] if steps.size else steps
            return max(1, met.size), int(met.max(initial=0))
        steps = to_steps(0.0 if value is None else value, self.dt)
        return int(np.unique(steps).size), int(steps.max(initial=0))

    @property
    def likely_dendritic(self) -> tuple[int, int]:
        """How many different dendritic delays a rule will see, and the longest, in steps; the numbers to expect."""
        return self._likely(self.projection.dendritic_delay) if self.sees_dendrites else (1, 0)

    @property
    def likely_longest(self) -> int:
        """``longest``, or the one to expect where that would have to be drawn."""
        value, more = self.projection.delay, self.projection.dendritic_delay
        drawn = isinstance(value, Distribution) and not np.isfinite(value.bounds()[1])
        drawn |= isinstance(more, Distribution) and not self.sees_dendrites
        return self.likely_delays[1] if drawn else self.longest

    def pairs(self) -> tuple[np.ndarray, np.ndarray]:
        """pre and post of every synapse, sorted by pre, then post."""
        lines, partners = self._lines()
        if self._by_post:
            order = np.lexsort((lines, partners))
            return partners[order], lines[order]
        order = self._order(lines, partners)
        return (lines, partners) if order is None else (lines[order], partners[order])

    @functools.cached_property
    def doubled(self) -> bool:
        """Whether a pair has more than one synapse."""
        if self.projection.connector.distinct:
            return False
        pre, post = self.pairs()
        return bool(((pre[1:] == pre[:-1]) & (post[1:] == post[:-1])).any())

    def delays(self, pairs: Pairs | None = None) -> np.ndarray:
        """The delays in steps, int16, [1] or [synapses] in the order of ``pairs``; also dendritic ones where no rule sees them."""
        axonal = self._steps(self.projection.delay, "delay", pairs)
        if not self.sees_dendrites and self.projection.dendritic_delay is not None:
            axonal = axonal + self.dendritic_delays(pairs)
        return self._bounded(axonal).astype(np.int16)

    def dendritic_delays(self, pairs: Pairs | None = None) -> np.ndarray:
        """The dendritic delays in steps, int16, [1] or [synapses] in the order of ``pairs``."""
        return self._bounded(self._steps(self.projection.dendritic_delay, "dendritic_delay", pairs)).astype(np.int16)

    def _steps(self, value: Any, what: str, pairs: Pairs | None) -> np.ndarray:
        return np.zeros(1) if value is None else to_steps(self._settle(value, what, pairs), self.dt)

    def weights(self, pairs: Pairs | None = None) -> np.ndarray:
        """The weights at the start, float64, [1] or [synapses] in the order of ``pairs``, which are drawn where they are needed
        and not given."""
        return self._settle(self.projection.weight, "weight", pairs)

    def synapses(self) -> Synapses:
        """All synapses with their weights and delays."""
        pairs = self.pairs()
        return Synapses(*pairs, self.weights(pairs), self.delays(pairs))

    def _bounded(self, steps: np.ndarray) -> np.ndarray:
        longest = steps.max(initial=0)
        if longest >= LONGEST:
            where = f"projection {self.name!r}, delay"
            raise NetworkError(where, f"must be below {LONGEST} steps of {self.dt:g} ms", f"{longest:g} steps")
        return steps

    @property
    def _by_post(self) -> bool:
        return getattr(self.projection.connector, "side", "pre") == "post"

    def _lines(self) -> tuple[np.ndarray, np.ndarray]:
        """pre and post of every synapse as the connector gives them; post and pre where each target draws its sources."""
        connector = self.projection.connector
        if isinstance(connector, RandomConnector):
            n_partners = connector.lines(self.n_pre, self.n_post)[1]
            return connector.listed(self.degrees, n_partners, stream_of(self.name, "pairs"), self.seed)
        return connector.pairs(self.n_pre, self.n_post, generator(self.seed, self.name, "pairs"))

    @staticmethod
    def _order(pre: np.ndarray, post: np.ndarray) -> np.ndarray | None:
        if pre.size and ((pre[1:] < pre[:-1]) | ((pre[1:] == pre[:-1]) & (post[1:] < post[:-1]))).any():
            return np.lexsort((post, pre))
        return None

    def _settle(self, value: Any, what: str, pairs: Pairs | None) -> np.ndarray:
        if isinstance(value, Distribution) and self.streamed:
            # keyed by line and position, so that a kernel can draw any line alone
            lines, partners = self._lines()
            start = np.cumsum(self.degrees) - self.degrees
            position = np.arange(lines.size) - start[lines]
            drawn = two_uniforms(self.seed, stream_of(self.name, "values"), lines, position)[what == "delay"]
            values = value.values(drawn)
            return values[np.lexsort((lines, partners))] if self._by_post else values
        if isinstance(value, DistanceKernel):
            return value.at(self.projection.connector.distances(*(pairs or self.pairs())))
        if isinstance(value, Distribution):
            return value.draw(generator(self.seed, self.name, what), self.size if pairs is None else pairs[0].size)
        array = np.atleast_1d(np.asarray(value, np.float64))
        if np.ndim(value) == 0:
            return array
        if array.ndim == 2:
            return array[pairs or self.pairs()] if self.connector != "all_to_all" else array.reshape(-1)
        if array.size != self.size:
            raise NetworkError(
                f"projection {self.name!r}, {what}", f"must be one number or one per synapse, {self.size}", array.size
            )
        order = self._order(*self._lines()) if self.connector == "explicit_list" else None
        return array if order is None else array[order]


def _shared(steps: np.ndarray) -> int | None:
    """The one number that all are; 0 where there are none."""
    return None if steps.size and (steps != steps[0]).any() else int(steps[0]) if steps.size else 0


def _reach(value: Distribution) -> tuple[float, float]:
    """The smallest and the largest value that 53 random bits can give."""
    low, high = value.values(np.array([0.0, 1.0 - 2.0**-53]))
    return float(low), float(high)


def spike_traces(rule: Configured) -> tuple[tuple[Trace, str, float], ...]:
    """The traces of a rule that spikes drive, each with its pairing and its time constant in ms."""
    model = rule.model
    assert isinstance(model, RuleModel)
    traces = (trace for trace in model.traces if trace.on in SPIKES)
    return tuple((trace, model.pairing(trace, rule.options), float(rule[trace.tau])) for trace in traces)


def traces_on(rule: Configured | None, side: str) -> list[tuple[Trace, str]]:
    """The traces of a rule that the spikes of ``side`` drive, with their pairing."""
    return [(trace, pairing) for trace, pairing, _ in spike_traces(rule) if trace.on == side] if rule else []


def signal_traces(rule: Configured | None) -> tuple[tuple[Trace, float], ...]:
    """The traces of a rule that signals drive, each with its time constant in ms."""
    model = rule.model if rule else None
    if rule is None or not isinstance(model, RuleModel):
        return ()
    return tuple((trace, float(rule[trace.tau])) for trace in model.traces if trace.on not in SPIKES)


def late_reads(rule: Configured | None, dt: float) -> dict[str, int]:
    """The states of the target that a rule reads as they were some time ago, and how many steps ago that is."""
    model = rule.model if rule else None
    if rule is None or not isinstance(model, RuleModel):
        return {}
    return {read.name: int(to_steps(float(rule[read.delay]), dt)) for read in model.reads if read.delay}


def synapse_states(rule: Configured | None) -> tuple[str, ...]:
    """What each synapse keeps of a rule besides its weight."""
    return tuple(state.name for state in rule.model.states) if rule else ()
