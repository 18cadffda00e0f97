"""The kernel that works out what spikes release at the synapses of their source: see :mod:`maichong.engines.release`.

The amounts lie beside the ring of spikes, one for each neuron and stamp, and are read with the row when the spike arrives.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import numpy as np

from maichong.engines.events.emit import KernelText
from maichong.engines.events.lower import Writer
from maichong.engines.release import BOUND, Release

if TYPE_CHECKING:
    from maichong.engines.events.projections import Builder


def arrays(release: Release, n: int, depth: int, precision: str) -> dict[str, np.ndarray]:
    """What each part remembers of the sources: all the same."""
    found = {f"source_{name}": np.full(n, release.start.get(name, 0.0)) for name in release.kept}
    words = ("amount", "last") if release.pulse else ("amount",)
    amounts = {f"{word}_{name}": np.zeros(depth * n, precision) for word in words for name in release.amounts}
    return {**found, "since": np.zeros(n, np.int64), **amounts}


def values(release: Release) -> dict[str, Any]:
    """The numbers of the kernel."""
    return {"pulse": release.pulse, **{f"of_{name}": value for name, value in release.params.items()}}


def send(b: Builder, release: Release) -> KernelText:
    """Pulses that end with this step leave; then the spikes of its start are sent."""
    w = Writer("float64")
    if release.pulse:
        w.line(f"sent = step - {b.integer('pulse')}")
        slot = b.spikes(w, "pre", "sent", "i")
        w.line(f"at = {slot} * n_pre + i")
        for name in release.amounts:
            w.line(f"{b.array(f'last_{name}')}[at] = 0.0")
        # a later spike has prolonged it
        w.line(f"if {b.array('since', 'int64')}[i] != sent: continue")
        env = _elapsed(b, w, release)
        for call in release.leave:
            w.call(call, env)
        for name in release.amounts:
            w.line(f"last_{name}[at] = {env[f'last_{name}']}")
        _store(b, w, release, env, bound="0.0")
        b.close(w)
    slot = b.spikes(w, "pre", "step", "i")
    w.line(f"at = {slot} * n_pre + i")
    env = _elapsed(b, w, release)
    for call in release.send:
        w.call(call, env)
    for name in release.amounts:
        w.line(f"{b.array(f'amount_{name}')}[at] = {env[f'amount_{name}']}")
    _store(b, w, release, env, bound="1.0")
    return dataclasses.replace(b.text("Release", w), precision="float64")


def _elapsed(b: Builder, w: Writer, release: Release) -> dict[str, str]:
    """The states of source i, as they are now."""
    w.line(f"lag = (step - {b.array('since', 'int64')}[i]) * {b.number('dt', 'float64')}")
    env = {"lag": "lag", "w": w.literal(1.0)}
    env |= {name: f"{b.array(f'source_{name}', 'float64')}[i]" for name in release.kept}
    asked = {name for call in (release.elapse, *release.send, *release.leave) for name in call.args}
    env |= {name: b.number(f"of_{name}", "float64") for name in release.params if name in asked}
    w.call(release.elapse, env)
    return env


def _store(b: Builder, w: Writer, release: Release, env: dict[str, str], *, bound: str) -> None:
    for name in release.states:
        w.line(f"source_{name}[i] = {env.get(f'next_{name}', env[name]) if bound == '1.0' else env[name]}")
    if release.pulse:
        w.line(f"source_{BOUND}[i] = {bound}")
    w.line("since[i] = step")
