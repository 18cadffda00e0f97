"""Drives that are changed by hand: one number for all neurons, or one for each, are different kernels with the same results."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from maichong import LIF, Network, resume


def network(drive: Any) -> Network:
    net = Network(dt=0.1)
    net.population("e", LIF(t_ref=1.0), 300, drive=drive, init={"v": np.linspace(-70, -56, 300)})
    net.probe("e", "spikes")
    return net


CHANGES = [500.0, np.linspace(300, 900, 300), 450.0, 450.0, np.linspace(500, 400, 300), np.linspace(600, 500, 300)]


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("first", [400.0, np.linspace(200, 800, 300)])
def test_a_drive_may_become_one_for_each_neuron_and_one_for_all_again(first: Any, threads: int) -> None:
    found = []
    for engine, options in (("reference", {}), ("events", {"threads": threads})):
        run = network(first).build(engine, **options)
        for change in CHANGES:
            run.run(20)
            run["e"].drive(change)
        run.run(20)
        found.append(run["e"].spikes)
    assert found[0].times.size > 1000
    np.testing.assert_array_equal(found[0].times, found[1].times)
    np.testing.assert_array_equal(found[0].ids, found[1].ids)


@pytest.mark.parametrize("change", [500.0, np.linspace(300, 900, 300)])
@pytest.mark.parametrize("first", [400.0, np.linspace(200, 800, 300)])
def test_a_checkpoint_brings_back_either(first: Any, change: Any, tmp_path: Path) -> None:
    run = network(first).build("events", threads=2)
    run.run(20)
    run["e"].drive(change)
    run.run(20)
    path = run.save(tmp_path / "half")
    again = resume(path)
    for other in (run, again):
        other.run(40)
    np.testing.assert_array_equal(run["e"].spikes.times, again["e"].spikes.times)
    np.testing.assert_array_equal(run["e"]["v"], again["e"]["v"])
