"""NEST's neurons with precise spike times fire at the same times: one recurrent network, handed to NEST by hand.

Hanuschkin et al. 2010, doi:10.3389/fninf.2010.00113; NEST's models iaf_psc_exp_ps, iaf_psc_alpha_ps and iaf_psc_delta_ps.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from maichong import LIF, Alpha, Delta, ExplicitList, Exponential, Network, SpikeTimes
from maichong.engines.nest.kernel import load

N, M, T = 20, 15, 80.0
KINDS = {
    "iaf_psc_exp_ps": (Exponential(tau=2.0), 60.0),
    "iaf_psc_alpha_ps": (Alpha(tau=2.0), 60.0),
    "iaf_psc_delta_ps": (Delta(), 0.8),
}


def parts(scale: float) -> dict[str, Any]:
    """Who is connected to whom, and what drives them; delays and refractory periods are multiples of 0.1 ms."""
    rng = np.random.default_rng(1)
    inner, outer = np.nonzero(rng.random((N, N)) < 0.3), np.nonzero(rng.random((M, N)) < 0.4)
    return {
        "start": rng.uniform(-70, -56, N), "drive": rng.uniform(320, 500, N), "t_ref": rng.integers(10, 31, N) / 10,
        "inner": (*inner, scale * rng.uniform(-0.6, 1, inner[0].size), rng.integers(5, 31, inner[0].size) / 10),
        "outer": (*outer, scale * rng.uniform(0.2, 0.8, outer[0].size), np.ones(outer[0].size)),
        "given": (np.sort(rng.uniform(1, T - 2, 8 * M)), np.arange(8 * M) % M),
    }  # fmt: skip


def ours(receptor: Any, p: dict[str, Any]) -> Any:
    net = Network(dt=0.1)
    n = net.population("n", LIF(t_ref=p["t_ref"], spike_times="exact"), N, drive=p["drive"], init={"v": p["start"]})
    x = net.population("x", SpikeTimes(*p["given"], exact=True), M)
    for source, (pre, post, weight, delay) in ((n, p["inner"]), (x, p["outer"])):
        net.project(source, n, ExplicitList(pre, post), weight=weight, delay=delay, receptor=receptor)
    return net.build("events").run(T)["n"].spikes


def nests(model: str, p: dict[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    nest = load()
    nest.verbosity = nest.VerbosityLevel.QUIET
    nest.ResetKernel()
    nest.resolution = 0.1
    cells = nest.Create(model, N, {"E_L": -70.0, "V_th": -55.0, "V_reset": -70.0, "C_m": 250.0, "tau_m": 10.0})
    cells.set(t_ref=p["t_ref"].tolist(), I_e=p["drive"].tolist(), V_m=p["start"].tolist())
    if "delta" not in model:
        cells.set(tau_syn_ex=2.0, tau_syn_in=2.0)
    times, ids = p["given"]
    sources = nest.Create("spike_generator", M, {"precise_times": True})
    for k in range(M):
        sources[k].set(spike_times=times[ids == k])
    for senders, (pre, post, weight, delay) in ((cells, p["inner"]), (sources, p["outer"])):
        spec = {"synapse_model": "static_synapse", "weight": weight, "delay": delay}
        nest.Connect(np.array(senders.tolist())[pre], np.array(cells.tolist())[post], "one_to_one", spec)
    recorder = nest.Create("spike_recorder")
    nest.Connect(cells, recorder)
    nest.Simulate(T)
    seen = recorder.get("events")
    return np.asarray(seen["times"]), np.asarray(seen["senders"]) - cells.tolist()[0]


@pytest.mark.parametrize("model", KINDS)
def test_precise_neurons_of_nest_fire_at_the_same_times(model: str) -> None:
    receptor, scale = KINDS[model]
    p = parts(scale)
    found = ours(receptor, p)
    times, ids = nests(model, p)
    assert len(found) > 60
    for j in range(N):
        np.testing.assert_allclose(found.of(j), np.sort(times[ids == j]), rtol=0, atol=1e-9)
