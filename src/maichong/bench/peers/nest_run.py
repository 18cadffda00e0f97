"""A benchmark network in NEST: built, warmed up and timed.

Run by an interpreter that has NEST (nest.txt lists what it needs); imports nothing of maichong:

    python nest_run.py --task task.json --json row.json

What is built counts as built after Prepare(), which lays the connections out.
"""

import time

import nest
import nest_networks
import task as tasks


def counter(nest, cells, delay):
    """A cell without leak or threshold, whose voltage is the number of spikes of ``cells``.

    NEST counts all spikes together; a spike_recorder would take 30 kB for each cell that it listens to, more than its synapses.
    A ``delay`` below those of the network would make threads meet more often.
    """
    found = nest.Create("iaf_psc_delta", params={"E_L": 0.0, "V_m": 0.0, "V_reset": 0.0, "V_th": 1e300, "tau_m": 1e300})
    nest.Connect(cells, found, "all_to_all", {"synapse_model": "static_synapse", "weight": 1.0, "delay": delay})
    return found


def main():
    task, out = tasks.arguments(__doc__)
    nest.verbosity = nest.VerbosityLevel.ERROR
    nest.ResetKernel()
    # the table of sources is of use only to those who ask for connections later
    nest.set(local_num_threads=task.threads, resolution=task.c.dt, rng_seed=task.seed, keep_source_table=False)
    before_mib = tasks.memory_mib("VmRSS")
    begun = time.perf_counter()
    populations, inputs = getattr(nest_networks, task.family)(nest, task.c)
    synapses = nest.num_connections
    for rate, target, synapse in inputs:
        nest.Connect(nest.Create("poisson_generator", params={"rate": rate}), target, syn_spec=synapse)
    counters = {name: counter(nest, cells, task.c.delay) for name, cells in populations.items()}
    nest.Prepare()
    build_s = time.perf_counter() - begun
    built_mib = tasks.memory_mib("VmRSS")

    nest.Run(task.warmup_ms)
    early = {name: cell.V_m for name, cell in counters.items()}
    spans_s = []
    for _ in range(task.repeats):
        begun = time.perf_counter()
        nest.Run(task.span_ms)
        spans_s.append(time.perf_counter() - begun)
    spikes = {name: round(cell.V_m - early[name]) for name, cell in counters.items()}
    tasks.write(
        out, version=nest.__version__, threads=task.threads, compile_s=None, build_s=build_s, spans_s=spans_s, spikes=spikes,
        synapses=int(synapses), before_mib=before_mib, built_mib=built_mib, peak_rss_mib=tasks.memory_mib("VmHWM"),
        notes=nest_networks.notes(task.family, task.c),
    )  # fmt: skip


if __name__ == "__main__":
    main()
