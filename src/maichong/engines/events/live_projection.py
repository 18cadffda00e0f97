"""One projection while it runs: its layout, its traces and its kernels."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from maichong.engines.events import arrivals, everywhere, learning, prefetch, procedural, projections, reads, synaptic, traces
from maichong.engines.events import release as releases
from maichong.engines.events.emit import Kernel
from maichong.engines.events.layout import BLOCK, Layout, in_one_part, inbox_form, padded, places
from maichong.engines.events.live_population import LivePopulation
from maichong.engines.events.memory import Parted, zeros
from maichong.engines.projection_plan import ProjectionPlan, late_reads, signal_traces, traces_on
from maichong.errors import CheckpointError, EngineError
from maichong.spec import NEAREST, Configured, RuleModel
from maichong.spec.rule_model import follows_weight, synapse_start

LONG_AGO = -(2**30)


class LiveProjection:
    """The layout, the traces and the kernels of one projection.

    Each part of the targets has kernels of its own and, of the presynaptic traces, a copy of its own, which it alone writes. The
    layout "delayed" is not parted: one thread does it all.
    """

    def __init__(
        self, plan: ProjectionPlan, layout: Layout, pre: LivePopulation, post: LivePopulation, precision: str,
        control: np.ndarray, *, asks: bool,
    ) -> None:  # fmt: skip
        self.plan, self.layout, self.precision = plan, layout, precision
        self._post = post
        self.serial = self.layout.kind == "delayed"
        self.parts = 1 if self.serial else post.parts
        self.state: dict[str, np.ndarray] = {}
        self.traces = Parted([0, padded(plan.n_post)] if self.serial else post.edges)
        """What the rule keeps of each target."""
        self.scratch: dict[str, np.ndarray] = {}
        rule = plan.spike_rule
        landing, lands = post.off_grid.landing(plan) if plan.exact and post.off_grid else (None, {})
        if _asks(rule, "s_pre") and (self.layout.delays.size > 1 or plan.dendritic is None):
            what = "reads which spikes arrive in a step, and needs one delay for all synapses"
            where = f"projection {plan.name!r}, {rule.model.name}"  # type: ignore[union-attr]
            raise EngineError(where, what, fix="give one delay, or build with engine='reference'")
        seen = reads.seen(plan, post.plan)
        shape = projections.shape_of(
            plan, self.layout, wakes=post.awake is not None, landing=landing,
            seen={name: str(post.own.of[0][state].dtype) for name, state in seen.items()},
        )  # fmt: skip
        self.reads_now = _asks(rule, "s_pre") and int(self.layout.delays[-1]) == 0
        """Whether its rule reads the spikes that its source sends in the same step."""
        self.synaptic, self.signals = synaptic.arrays(rule, self.layout.weight), synaptic.signals(rule)
        room = int(self.layout.delays[-1]) + 2
        owners = [0] if self.serial else post.owners()
        self.sources = [self._sources(room, pre.numbers["depth"]) for _ in owners]
        """What each part remembers of the spikes sent: all the same."""
        for trace, _ in traces_on(rule, "post"):
            self.traces.add(f"trace_{trace.name}", precision)
        dendrites: dict[str, int] = {"dendritic": plan.longest_dendritic}
        if shape.dendrites == "each":
            depth = 1 << (plan.longest_dendritic + 1).bit_length()
            dendrites |= {"past_mask": depth - 1, "width": padded(plan.n_post)}
            for trace, _ in traces_on(rule, "post"):
                self.traces.add(f"past_{trace.name}", precision, depth)
        late = late_reads(rule, plan.dt)
        for name, steps in late.items():
            self.traces.add(f"past_{name}", precision, 1 << steps.bit_length())
            self.traces[f"past_{name}"] = np.tile(post.padded(post.plan.start[name], precision), 1 << steps.bit_length())  # type: ignore[index]
        inbox: dict[str, int] = {}
        if self.serial:
            calendar = ("inbox", "due", "due_count")
            self.state |= {name: array for name, array in self.layout.arrays.items() if name in calendar}
            self.state |= {
                "live": np.zeros(plan.n_post, np.int32),
                "is_live": np.zeros(plan.n_post, np.uint8),
                "live_count": np.zeros(1, np.int64),
                "died": np.full(plan.n_post, LONG_AGO, np.int32),
            }
            depth, stride, kind = inbox_form(int(self.layout.delays[-1]), plan.n_post)
            if kind == np.uint8:
                self.scratch["row_of"] = np.zeros(depth, np.uint32)
            inbox = {"stride": stride, "turn": stride.bit_length() - 1}
        self.values: dict[str, Any] = {
            "n_pre": plan.n_pre,
            "n_post": plan.n_post,
            "width": padded(plan.n_post),
            "seen_room": room,
            "dt": plan.dt,
            "pre_ring": pre.arrays["ring"],
            "pre_count": pre.arrays["ring_count"],
            "pre_depth": pre.numbers["depth"],
            "pre_parts": pre.parts,
            "pre_apart": pre.apart,
            "pre_first": pre.begins,
            "post_ring": post.arrays["ring"],
            "post_count": post.arrays["ring_count"],
            "post_depth": post.numbers["depth"],
            "post_parts": post.parts,
            "post_apart": post.apart,
            "post_first": post.begins,
            "control": control,
            "lowest": plan.bounds[0],
            "highest": plan.bounds[1],
            "delays": self.layout.delays,
            "weight": self.layout.weight,
            **self.layout.arrays,
            **self.state,
            **self.scratch,
            **self.synaptic,
            **self.signals,
            **inbox,
            **dendrites,
            **reads.values(late),
            **projections.rule_values(rule, plan.dt, precision),
        }
        if rule:
            self.values["horizon"] = int(self.values["forgotten"] / plan.dt) + room
        for state, jump in plan.port.jumps:
            self.values[f"jump_{state}"] = jump
        if landing:
            self.values |= {**lands, "pre_before": pre.arrays["ring_before"]}
        self._mine = [self._of_part(part, copy, post) for part, copy in zip(owners, self.sources, strict=True)]
        for part, mine in zip(owners, self._mine, strict=True):
            mine |= {f"seen_{name}": post.own.of[part][state] for name, state in seen.items()}
        release, drawn = plan.release, layout.kind == "procedural"
        pulses = release is not None and release.pulse > 0
        builder = projections.Builder(shape, rule, precision, pulses=pulses)
        self.values |= (procedural.values(plan) if drawn else {}) | (releases.values(release) if release else {})
        texts = {
            "ask": [prefetch.ask(builder)] if asks else [],
            "release": [releases.send(builder, release)] if release else [],
        }
        texts["deliver"] = [procedural.deliver(builder, plan) if drawn else builder.deliver()]
        if landing and not drawn:
            texts["deliver"] += [arrivals.deliver(builder)]
        if pulses:
            texts["deliver"] += [procedural.deliver(builder, plan, "last") if drawn else builder.deliver_ends()]
        if rule:
            texts |= {"jump": [traces.jump(builder)], "decay": [traces.decay(builder)]}
            texts["learn"] = [reads.keep(builder), learning.learn(builder), everywhere.each_step(builder)]
        self.kernels: list[dict[str, list[Kernel]]] = [{} for _ in range(self.parts)]
        for part, mine in zip(owners, self._mine, strict=True):
            if layout.kind == "procedural":
                mine |= {name: self.values[name].copy() for name in ("marks", "out")}
            for phase, found in texts.items():
                self.kernels[part][phase] = [Kernel(text, self.values | mine) for text in found if text]
        refill = builder.refill()
        self._refills = [Kernel(refill, self.values | mine) for mine in self._mine] if refill else []
        if layout.kind == "late":
            post.refills += self._refills
        self._carry_on = []
        if "since" in self.synaptic:
            text = synaptic.carry_on(builder)
            self._carry_on = [Kernel(text, self.values | mine) for mine in self._mine]
            self.carry_on(0)  # a weight that follows from the synapse's states does so from the start
        self._signals = [found for own in plan.rules for found in self._signal_kernels(own, shape)]

    def _sources(self, room: int, depth: int) -> dict[str, np.ndarray]:
        rule, n, release = self.plan.spike_rule, self.plan.n_pre, self.plan.release
        traces = traces_on(rule, "pre")
        found = releases.arrays(release, n, depth, self.precision) if release else {}
        if not traces and not (rule and self.serial):
            return found
        if projections.uniform(self.layout):
            return found | {f"trace_{trace.name}": zeros(padded(n), self.precision) for trace, _ in traces}
        found |= {"seen": np.full(n * room, LONG_AGO, np.int32), "seen_head": np.zeros(n, np.int32)}
        found["last_seen"] = np.full(n, LONG_AGO, np.int32)
        return found | {f"kept_{trace.name}": np.zeros(n * room) for trace, pairing in traces if pairing != NEAREST}

    def _of_part(self, part: int, sources: Mapping[str, np.ndarray], post: LivePopulation) -> dict[str, Any]:
        """What the kernels of one part have of their own."""
        first, last = (0, self.plan.n_post) if self.serial else (int(edge) for edge in post.begins[part : part + 2])
        found: dict[str, Any] = {**sources, **self.traces.of[part], "part": part, "first": first, "last": last}
        found["awake"] = post.awake_of(part)
        takers: dict[str, Any] = {}
        for state, _ in self.plan.port.jumps:
            takers[f"to_{state}"] = post.arrivals(part, self.plan.port, state)
            if self.layout.kind == "late":
                takers |= post.inbox(part, "inbox", self.plan.port, state)
            if self.plan.longest_dendritic:
                takers |= post.inbox(part, "dendrite", self.plan.port, state)
        if self.layout.relative:
            begin = post.edges[part]
            takers = {name: value[begin:] if isinstance(value, np.ndarray) else value for name, value in takers.items()}
            if found["awake"] is not None:
                found["awake"] = found["awake"][begin // BLOCK :]
        found |= takers
        if self.plan.exact and post.off_grid:
            found |= post.off_grid.logs[part].values
        found |= {"block_at": zeros(projections.WIDE, np.int64), "block_w": zeros(projections.WIDE, self.precision)}
        for trace, _ in traces_on(self.plan.spike_rule, "pre"):
            found[f"block_{trace.name}"] = zeros(projections.WIDE, self.precision)
        for name, n in (("s_pre", self.plan.n_pre), ("s_post", self.plan.n_post)):
            if _asks(self.plan.spike_rule, name):
                found[name] = zeros(n, self.precision)
        found["padded_last"] = padded(self.plan.n_post) if self.serial else post.edges[part + 1]
        for name, rows in (("start", self.plan.n_pre + 1), ("offset", self.plan.n_pre * (self.layout.delays.size + 1))):
            if name in self.layout.arrays:
                found[name] = self.layout.arrays[name][part * rows : (part + 1) * rows]
        return found

    def _signal_kernels(self, rule: Configured, shape: projections.Shape) -> list[tuple[str, list[Kernel]]]:
        model = rule.model
        if not isinstance(model, RuleModel) or not model.on_signal:
            return []
        self.values |= projections.rule_values(rule, self.plan.dt, self.precision)
        # the kernels of all rules read one signal
        self.values.setdefault("signal", np.zeros(1, self.precision))
        for array, _ in everywhere.INCOMING.values():
            self.values.setdefault(array, np.zeros(self.plan.n_post, self.precision))
        groups = self.layout.delays.size if shape.groups and shape.layout == "rows" else 1
        self.values.setdefault("sums_pre", np.zeros(groups * self.plan.n_pre, self.precision))
        self.values.setdefault("totals", np.zeros(self.plan.n_pre, self.precision))
        texts = [emit(projections.Builder(shape, rule, self.precision)) for emit in (everywhere.add_up, everywhere.on_signal)]
        return [
            (str(self.plan.clock(rule)), [Kernel(text, self.values | mine) for text in texts if text for mine in self._mine])
        ]

    def carry_on(self, step: int) -> None:
        """Bring all synapses up to date."""
        for kernel in self._carry_on:
            kernel.once(step)

    def skip_to(self, step: int) -> None:
        """What has happened since synapses were last looked at, learning was off: they stay as they are."""
        if "since" in self.synaptic:
            self.synaptic["since"][:] = step

    def on_signal(self, name: str, value: float, step: int) -> None:
        heard = [(trace, tau) for trace, tau in signal_traces(self.plan.spike_rule) if trace.on == name]
        if heard or any(signal == name for signal, _ in self._signals):
            self.carry_on(step)
        self._act(name, value, step)
        if heard:
            lag = (step - int(self.signals["signalled"][0])) * self.plan.dt
            for trace, tau in signal_traces(self.plan.spike_rule):
                self.signals[f"signal_{trace.name}"] *= np.exp(-lag / tau)
            for trace, _ in heard:
                self.signals[f"signal_{trace.name}"] += value
            self.signals["signalled"][0] = step

    def _act(self, name: str, value: float, step: int) -> None:
        for signal, kernels in self._signals:
            if signal == name:
                self.values["signal"][0] = value
                self.values["sums_pre"][:] = 0.0
                for kernel in kernels:
                    kernel.once(step)
                self._settle(step)

    def state_of(self, name: str) -> np.ndarray:
        """What each synapse keeps by this name, in the plan's order."""
        values, where = self.synaptic[f"state_{name}"], places(self.plan, self.layout, self.parts)
        return (values if where is None else values[where]).astype(np.float64)

    def weights_of(self, synapses: np.ndarray | None) -> Callable[[], np.ndarray]:
        """What reads the weights of some synapses, all by default, in the plan's order; where they lie is found once."""
        if self.layout.kind == "procedural" and synapses is None:
            return lambda: np.broadcast_to(self.plan.weights(), (self.plan.size,)).astype(np.float64)
        weight = np.broadcast_to(self.layout.weight, (self.plan.size,)) if self.layout.shared else self.layout.weight
        where = None if self.layout.shared else places(self.plan, self.layout, self.parts)
        if synapses is not None:
            where = synapses if where is None else where[synapses]
        return lambda: (weight if where is None else weight[where]).astype(np.float64)

    def set_weights(self, weights: np.ndarray, step: int) -> None:
        if self.layout.kind == "procedural" and not self.layout.shared:
            raise EngineError(
                f"projection {self.plan.name!r}, weight", "is drawn again at each spike, and cannot be set",
                fix="build without procedural",
            )  # fmt: skip
        if self.layout.shared:
            self.layout.weight[: weights.size] = weights[:1]  # all are equal; there may be none
        else:
            where = places(self.plan, self.layout, self.parts)
            where = slice(None) if where is None else where
            self.layout.weight[where] = weights
            if names := follows_weight(self.plan.spike_rule):
                assert self.plan.spike_rule
                started = synapse_start(self.plan.spike_rule, np.asarray(weights, np.float64))
                for name in names:
                    self.synaptic[f"state_{name}"][where] = started[name]
                self.carry_on(step)
        self._settle(step)

    def _settle(self, step: int) -> None:
        if self.layout.kind == "late":
            self._post.refill(step)  # the inbox is shared
        elif self._refills:
            self._refills[0].once(step)

    def places(self) -> dict[str, tuple[int, int]]:
        """The arrays that a kernel uses as places in memory, with the bounds [low, high) of what may stand there."""
        n_post = self.plan.n_post
        known = {
            "seen_head": (0, self.values["seen_room"]),
            "live": (0, n_post),
            "live_count": (0, n_post + 1),
            "due_count": (0, self.plan.n_pre * n_post + 1),
        }
        return {key: bounds for key, bounds in known.items() if key in self.frozen()}

    def check(self, arrays: Mapping[str, np.ndarray]) -> None:
        """The list of live neurons and the calendar of their arrivals must be what kernels left; they would write elsewhere."""
        if "live" not in self.state:
            return
        live, is_live, many = (arrays[f"{self.plan.name}/{key}"] for key in ("live", "is_live", "live_count"))
        if not np.array_equal(np.sort(live[: many[0]]), np.flatnonzero(is_live)):
            raise CheckpointError(f"{self.plan.name}/live", "must list each live neuron once", "damaged numbers")
        if "due" not in self.state:
            return
        counts = arrays[f"{self.plan.name}/due_count"]
        days = arrays[f"{self.plan.name}/due"].reshape(counts.size, -1)
        words = days[np.arange(days.shape[1]) < counts[:, None]]
        pre, post = words >> np.uint64(36), (words >> np.uint64(8)) & np.uint64(0xFFFFFFF)
        if (pre >= self.plan.n_pre).any() or (post >= self.plan.n_post).any():
            raise CheckpointError(f"{self.plan.name}/due", "must name synapses", "damaged numbers")

    def frozen(self) -> dict[str, np.ndarray]:
        """All that changes, the same for any number of threads."""
        order = self._order()
        first = self.sources[0] if self.sources else {}
        traces = {name: self.traces[name] for name in self.traces}
        own = {"weight": self.layout.weight, **self.synaptic}
        own = {name: values if order is None else values[order] for name, values in own.items()}
        return {**self.state, **traces, **first, **self.signals, **own}

    def thaw(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Continue from what ``frozen`` gave."""
        for kept in (self.state, self.signals, *self.sources):
            for key, value in kept.items():
                value[...] = arrays[key]
        for key in self.traces:
            self.traces[key] = arrays[key]
        order = self._order()
        for name, values in {"weight": self.layout.weight, **self.synaptic}.items():
            values[slice(None) if order is None else order] = arrays[name]

    def _order(self) -> np.ndarray | None:
        return None if self.layout.shared else in_one_part(self.layout, self.parts, self.plan.n_pre)


def _asks(rule: Configured | None, name: str) -> bool:
    """Whether a rule asks for what a synapse sees."""
    return rule is not None and isinstance(rule.model, RuleModel) and rule.model.asks(name)
