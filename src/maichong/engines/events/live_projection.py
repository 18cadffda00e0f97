"""One projection while it runs: its layout, its traces and its kernels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from maichong.engines.events import everywhere, projections
from maichong.engines.events.emit import Kernel, KernelText
from maichong.engines.events.layout import Layout, build, inbox_form, padded, places
from maichong.engines.events.live_population import LivePopulation
from maichong.engines.plan import ProjectionPlan
from maichong.errors import CheckpointError
from maichong.spec import NEAREST, RuleModel

LONG_AGO = -(2**30)


class LiveProjection:
    """The layout, the traces and the kernels of one projection."""

    def __init__(
        self, plan: ProjectionPlan, pre: LivePopulation, post: LivePopulation, precision: str, control: np.ndarray
    ) -> None:
        self.plan, self.precision = plan, precision
        self.layout: Layout = build(plan, precision)
        self.state: dict[str, np.ndarray] = {}
        self.scratch: dict[str, np.ndarray] = {}
        rule = plan.spike_rule
        shape = projections.shape_of(plan, self.layout, wakes=post.awake is not None)
        room = int(self.layout.delays[-1]) + 2
        delayed = self.layout.kind == "delayed"
        if projections.traces_on(rule, "pre") or (rule and delayed):
            self.state |= {"seen": np.full(plan.n_pre * room, LONG_AGO, np.int32), "seen_head": np.zeros(plan.n_pre, np.int32)}
            self.state["last_seen"] = np.full(plan.n_pre, LONG_AGO, np.int32)
            for trace, pairing in projections.traces_on(rule, "pre"):
                if pairing != NEAREST:
                    self.state[f"kept_{trace.name}"] = np.zeros(plan.n_pre * room)
        for trace, _ in projections.traces_on(rule, "post"):
            self.state[f"trace_{trace.name}"] = np.zeros(padded(plan.n_post), precision)
        inbox: dict[str, int] = {}
        if delayed:
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
                self.scratch["first"] = np.zeros(depth, np.uint32)
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
            "post_ring": post.arrays["ring"],
            "post_count": post.arrays["ring_count"],
            "post_depth": post.numbers["depth"],
            "until": post.arrays["until"],
            "control": control,
            "lowest": plan.bounds[0],
            "highest": plan.bounds[1],
            "awake": post.awake,
            "delays": self.layout.delays,
            "weight": self.layout.weight,
            **self.layout.arrays,
            **self.state,
            **self.scratch,
            **inbox,
            **projections.rule_values(rule, plan.dt, precision),
        }
        if rule:
            self.values["horizon"] = int(self.values["forgotten"] / plan.dt) + room
        for state, jump in plan.port.jumps:
            self.values |= {f"to_{state}": post.arrays[state], f"jump_{state}": jump}
        builder = projections.Builder(shape, rule, precision)
        self.kernels = {"deliver": [self._kernel(builder.deliver())]}
        if rule:
            self.kernels["jump"] = self._some(builder.jump())
            self.kernels["decay"] = self._some(builder.decay())
            self.kernels["learn"] = self._some(builder.learn()) + self._some(everywhere.each_step(builder))
        refill = builder.refill()
        self._refill = self._kernel(refill) if refill else None
        self._signals: list[tuple[str, Kernel]] = []
        for own in plan.rules:
            if isinstance(own.model, RuleModel) and own.model.on_signal and own.model.signal:
                self.values |= projections.rule_values(own, plan.dt, precision)
                self.values |= {"sums": np.zeros(plan.n_post, precision), "signal": np.zeros(1, precision)}
                text = everywhere.on_signal(projections.Builder(shape, own, precision))
                self._signals.append((own.model.signal, self._kernel(text)))

    def _kernel(self, text: KernelText) -> Kernel:
        return Kernel(text, self.values)

    def _some(self, text: KernelText | None) -> list[Kernel]:
        return [self._kernel(text)] if text else []

    def on_signal(self, name: str, value: float, step: int) -> None:
        for signal, kernel in self._signals:
            if signal == name:
                self.values["signal"][0] = value
                kernel.once(step)
                self._settle(step)

    def get_weights(self) -> np.ndarray:
        weight = np.broadcast_to(self.layout.weight, (self.plan.size,)) if self.layout.shared else self.layout.weight
        where = None if self.layout.shared else places(self.plan, self.layout)
        return (weight if where is None else weight[where]).astype(np.float64)

    def set_weights(self, weights: np.ndarray, step: int) -> None:
        if self.layout.shared:
            self.layout.weight[: weights.size] = weights[:1]  # all are equal; there may be none
        else:
            where = places(self.plan, self.layout)
            self.layout.weight[slice(None) if where is None else where] = weights
        self._settle(step)

    def _settle(self, step: int) -> None:
        if self._refill:
            self._refill.once(step)

    def places(self) -> dict[str, tuple[int, int]]:
        """The arrays that a kernel uses as places in memory, with the bounds [low, high) of what may stand there."""
        n_post = self.plan.n_post
        known = {
            "seen_head": (0, self.values["seen_room"]),
            "live": (0, n_post),
            "live_count": (0, n_post + 1),
            "due_count": (0, self.plan.n_pre * n_post + 1),
        }
        return {key: bounds for key, bounds in known.items() if key in self.state}

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

    def changing(self) -> dict[str, np.ndarray]:
        return {**self.state, "weight": self.layout.weight}
