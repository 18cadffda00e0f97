"""What a synapse keeps besides its weight, in the kernels: brought up to date when a spike, a step or a signal comes to it.

Nothing is done for a synapse while nothing happens to it: ``since`` says until which step its weight and its states are known, and
the rule's ``elapse`` carries them on from there. At a signal all synapses are carried on first, so that what a signal's trace was
while they waited is one exponential.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from maichong.engines.events.emit import KernelText
from maichong.engines.events.lower import Writer
from maichong.engines.projection_plan import signal_traces, synapse_states
from maichong.spec import Configured, RuleModel
from maichong.spec.rule_model import synapse_start

if TYPE_CHECKING:
    from maichong.engines.events.projections import Builder

WHEN = {"on_pre": "step", "on_post": "now", "on_step": "now", "on_signal": "now", "elapse": "now"}
"""The step in which a role acts, by its name in the kernels."""


def lingers(rule: Configured | None) -> bool:
    """Whether synapses keep something of the rule that their weights and the traces do not say, or change by themselves."""
    model = rule.model if rule else None
    return isinstance(model, RuleModel) and bool(model.states or model.elapse)


def arrays(rule: Configured | None, weight: np.ndarray) -> dict[str, np.ndarray]:
    """The states of synapses that lie in memory as their weights do, and until when they are known."""
    if rule is None or not lingers(rule):
        return {}
    start = synapse_start(rule, weight.astype(np.float64))
    found = {f"state_{name}": values.astype(weight.dtype) for name, values in start.items()}
    elapses = isinstance(rule.model, RuleModel) and rule.model.elapse
    return found | ({"since": np.zeros(weight.size, np.int32)} if elapses else {})


def signals(rule: Configured | None) -> dict[str, np.ndarray]:
    """The traces of signals: what each was when it last jumped, and in which step that was."""
    found = {f"signal_{trace.name}": np.zeros(1) for trace, _ in signal_traces(rule)}
    return found | ({"signalled": np.zeros(1, np.int64)} if found else {})


def signal_env(b: Builder, w: Writer, asked: tuple[str, ...], when: str) -> dict[str, str]:
    """The traces of signals that are ``asked`` for, as they are in step ``when``."""
    env = {}
    for trace, _ in signal_traces(b.rule):
        if trace.name in asked:
            lag = f"({when} - {b.array('signalled', 'int64')}[0]) * {b.number('dt', 'float64')}"
            begun, tau = b.array(f"signal_{trace.name}", "float64"), b.number(f"tau_{trace.name}", "float64")
            left = f"exp32(F(-({lag}) / {tau}))" if b.precision == "float32" else f"np.exp(-({lag}) / {tau})"
            env[trace.name] = w.keep(f"F({begun}[0]) * {left}", trace.name)
    return env


def up_to_date(b: Builder, w: Writer, place: str, when: str) -> dict[str, str]:
    """The weight and the states of the synapse at ``place`` in step ``when``, as names; nothing is stored."""
    known = {"w": w.keep(f"{b.array('weight')}[{place}]", "weight")}
    for name in synapse_states(b.rule):
        known[name] = w.keep(f"{b.array(f'state_{name}')}[{place}]", name)
    model = b.model
    if not isinstance(model, RuleModel) or model.elapse is None:
        return known
    since = w.keep(f"{b.array('since', 'int32')}[{place}]", "since")
    lag = w.keep(f"F(({when} - {since}) * {b.number('dt', 'float64')})", "lag")
    env = {**known, **signal_env(b, w, b.asks("elapse"), since), "lag": lag}
    return b.results(w, "elapse", env)


def store(b: Builder, w: Writer, place: str, when: str, values: Mapping[str, str]) -> None:
    """Write a synapse's weight and states back."""
    w.line(f"{b.array('weight')}[{place}] = {values['w']}")
    for name in synapse_states(b.rule):
        w.line(f"{b.array(f'state_{name}')}[{place}] = {values[name]}")
    if isinstance(b.model, RuleModel) and b.model.elapse:
        w.line(f"{b.array('since', 'int32')}[{place}] = {when}")


def change(b: Builder, w: Writer, role: str, place: str, env: Mapping[str, str], settled: Mapping[str, str]) -> None:
    """Let ``role`` act on a synapse that is up to date, and store what comes of it."""
    found = b.results(w, role, {**env, **settled}) if b.asks(role) else settled
    store(b, w, place, WHEN[role], found)


def carry_on(b: Builder) -> KernelText:
    """Bring all synapses up to date."""
    from maichong.engines.events.everywhere import visit

    w = Writer(b.precision)
    w.line("now = step")
    visit(b, w, lambda place: store(b, w, place, "now", up_to_date(b, w, place, "now")))
    return b.text("Bring up to date", w)


def values(rule: Configured | None) -> dict[str, Any]:
    """The time constants of the traces of signals."""
    return {f"tau_{trace.name}": tau for trace, tau in signal_traces(rule)}
