"""NEST's clopath_synapse onto aeif_psc_delta_clopath, and ClopathSTDP onto ClopathAdEx: the same weights from the same currents.

NEST lets a spike begin within the step that ends with its stamp, and here it begins with the stamp: what it leaves behind differs
by up to a step of 100 mV. At dt = 0.01 ms that is a thousandth of what is learned.
"""

import numpy as np
import pytest

from maichong import AllToAll, ClopathAdEx, ClopathSTDP, Delta, Network, SpikeTimes, Steps

DT, END, WEIGHT = 0.01, 400.0, 0.01
PARAMS = {
    "A_LTD": 14e-7, "A_LTP": 8e-7, "theta_minus": -70.6, "theta_plus": -45.3, "delay_u_bars": 4.0, "V_reset": -49.6,
    "u_ref_squared": 5000.0,
}  # fmt: skip


def protocol() -> tuple[list[list[float]], np.ndarray, np.ndarray]:
    """Spikes of six sources, and pulses of current that make the cell fire."""
    rng = np.random.default_rng(2)
    pre = [sorted(set(np.round(rng.uniform(5, END - 20, 12)).tolist())) for _ in range(6)]
    begin = np.sort(rng.choice(np.arange(15, END - 15, 12.0), 14, replace=False))
    return pre, np.sort(np.concatenate([begin, begin + 2.0])), np.tile([9000.0, 0.0], begin.size)


def in_nest(homeostasis: bool) -> tuple[np.ndarray, np.ndarray]:
    """The last weight of each synapse, and the spikes of the cell."""
    nest = pytest.importorskip("nest")
    pre, times, values = protocol()
    nest.ResetKernel()
    nest.resolution = DT
    cell = nest.Create("aeif_psc_delta_clopath", 1, {**PARAMS, "A_LTD_const": not homeostasis})
    current = nest.Create("step_current_generator", 1, {"amplitude_times": times, "amplitude_values": values})
    nest.Connect(current, cell, syn_spec={"delay": DT})
    recorder, spikes = nest.Create("weight_recorder"), nest.Create("spike_recorder")
    nest.CopyModel("clopath_synapse", "learning", {"weight_recorder": recorder})
    nest.Connect(cell, spikes)
    for mine in pre:
        source, parrot = nest.Create("spike_generator", 1, {"spike_times": mine}), nest.Create("parrot_neuron")
        nest.Connect(source, parrot, syn_spec={"delay": DT})
        nest.Connect(parrot, cell, syn_spec={"synapse_model": "learning", "weight": WEIGHT, "delay": DT})
    nest.Simulate(END)
    senders, weights = (np.array(recorder.events[what]) for what in ("senders", "weights"))
    return np.array([weights[senders == sender][-1] for sender in np.unique(senders)]), np.array(spikes.events["times"])


@pytest.mark.slow
@pytest.mark.parametrize("homeostasis", [False, True])
def test_the_weights_are_those_of_nest(homeostasis):
    expected, spikes = in_nest(homeostasis)
    pre, times, values = protocol()
    net = Network(dt=DT)
    ids = np.repeat(np.arange(len(pre)), [len(mine) for mine in pre])
    # a synapse of NEST meets the potential of a delay before the spike, and its currents begin a delay late
    sources = net.population("sources", SpikeTimes(np.concatenate(pre) - DT, ids), len(pre))
    cell = net.population("cell", ClopathAdEx(), 1, drive=Steps(times + DT, values))
    # NEST takes the square of the average itself, which it measures from 0 mV
    extra = {"h": 1.0, "u_rest": 0.0, "u_ref2": 5000.0} if homeostasis else {}
    rule = ClopathSTDP(a_ltd=14e-7, a_ltp=8e-7, **extra)
    net.project(sources, cell, AllToAll(), weight=WEIGHT, delay=DT, receptor=Delta(), plasticity=rule, name="learning")
    run, found = net.build("events"), np.zeros(len(pre))
    # NEST's weights are those at the last spike of each source
    for k in np.argsort([mine[-1] for mine in pre]):
        run.run(max(round(pre[k][-1] + DT - run.t, 6), 0.0))
        found[k] = run.synapses("learning")["weight"][k]
    run.run(round(END - run.t, 6))
    assert run["cell"].spikes.times == pytest.approx(spikes, abs=2 * DT)
    assert spikes.size == 7
    assert found - WEIGHT == pytest.approx(expected - WEIGHT, rel=3e-3)
