"""A benchmark network in Brian2's C++ standalone mode: built, warmed up and timed.

Run by an interpreter that has Brian2 (brian2.txt lists what it needs) on a machine with a C++ compiler; imports nothing of
maichong:

    python brian2_run.py --task task.json --json row.json

compile_s is code generation and the compiler. build_s is the drawing of connections and what the compiled program does before
its first step. The program says itself what it took and what memory it has.
"""

import json
import subprocess
import time
from importlib.metadata import version
from pathlib import Path

import brian2 as b2
import brian2_networks
import numpy as np
import task as tasks

COMPILER = ["-w", "-O3", "-march=native", "-ffast-math", "-std=c++11"]
COMPILER += ["--param=vect-max-version-for-alias-checks=200"]  # 10 by default: too few for gcc to vectorise the state updates

# off Linux the file is missing and memory is 0
BEGINS = """
const auto bench_mib = [](const std::string& word) {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);)
        if (line.rfind(word, 0) == 0)
            return std::stod(line.substr(word.size() + 1)) / 1024;
    return 0.0;
}; const double bench_before = bench_mib("VmRSS"); const auto bench_now = [] { return
std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }; const double bench_begun =
bench_now();
"""
BUILT = """
const double bench_built = bench_mib("VmRSS"), bench_build_s = bench_now() - bench_begun;
"""
# the network goes on from where the warm-up has left it
TIMED = """
const auto bench_count = [](int first, int last) {{
    long long sum = 0;
    for (int k = first; k < last; k++) sum += {counts}[k];
    return sum;
}};
std::vector<long long> bench_spikes;
{count_early}
std::vector<double> bench_spans;
for (int k = 0; k < {repeats}; k++) {{
    const double begun = bench_now();
    {network}.run({span_s!r}, NULL, 1e9);
    bench_spans.push_back(bench_now() - begun);
}}
{count_late}
std::ofstream bench({path});
bench.precision(17);
bench << "{{\\"build_s\\": " << bench_build_s << ", \\"before_mib\\": " << bench_before << ", \\"built_mib\\": " << bench_built
      << ", \\"peak_rss_mib\\": " << bench_mib("VmHWM") << ", \\"spans_s\\": [";
for (size_t k = 0; k < bench_spans.size(); k++) bench << (k ? ", " : "") << bench_spans[k];
bench << "], \\"spikes\\": [";
for (size_t k = 0; k < bench_spikes.size(); k++) bench << (k ? ", " : "") << bench_spikes[k];
bench << "]}}" << std::endl;
"""
# without this every array of the network would be written to the disk
ENDS = "bench.close(); std::_Exit(0);"


def main():
    begun = time.perf_counter()
    task, out = tasks.arguments(__doc__)
    folder = Path(task.folder) / "brian2"
    folder.mkdir(exist_ok=True)
    b2.prefs.core.default_float_dtype = np.dtype(task.precision).type
    b2.prefs.codegen.cpp.extra_compile_args_gcc = COMPILER
    b2.prefs.codegen.cpp.headers += ["<chrono>", "<fstream>", "<random>", "<atomic>", "<iostream>", "<string>"]
    b2.prefs.devices.cpp_standalone.openmp_threads = task.threads if task.threads > 1 else 0
    b2.set_device("cpp_standalone", build_on_run=False)
    b2.seed(task.seed)
    b2.defaultclock.dt = task.c.dt * b2.ms

    drawn = brian2_networks.Drawn(b2, folder, task.seed)
    cells, parts = getattr(brian2_networks, task.family)(b2, task.c, drawn)
    monitor = b2.SpikeMonitor(cells, record=False)
    net = b2.Network(cells, *parts, monitor)
    timed(net, monitor, task, folder / "bench.json")
    net.run(task.warmup_ms * b2.ms)
    b2.device.build(directory=str(folder / "code"), run=False, with_output=False)
    compile_s = time.perf_counter() - begun - drawn.took_s

    subprocess.run([str(folder / "code" / "main")], cwd=folder / "code", check=True, stdout=subprocess.DEVNULL)
    found = json.loads((folder / "bench.json").read_text())
    found["spikes"] = dict(zip(task.c.sizes, found["spikes"], strict=True))
    found["build_s"] += drawn.took_s
    notes = ["C++ standalone" + (", OpenMP" if task.threads > 1 else ""), "compiled with " + " ".join(COMPILER)]
    notes += ["drawing connections counts as building", *brian2_networks.notes(task.family, task.c)]
    tasks.write(
        out, version=version("brian2"), threads=task.threads, compile_s=compile_s, synapses=drawn.synapses, notes=notes, **found
    )


def timed(net, monitor, task, path):
    """Put the clocks into the program: around what is built, and around each repeat."""
    ends = np.cumsum(list(task.c.sizes.values()))
    sums = [f"bench_count({end - n}, {end})" for end, n in zip(ends, task.c.sizes.values(), strict=True)]
    code = TIMED.format(
        counts=b2.device.get_array_name(monitor.variables["count"]), network=net.name, repeats=task.repeats,
        span_s=task.span_ms / 1000, path=json.dumps(str(path)),
        count_early="\n".join(f"bench_spikes.push_back(-{sum_});" for sum_ in sums),
        count_late="\n".join(f"bench_spikes[{k}] += {sum_};" for k, sum_ in enumerate(sums)),
    )  # fmt: skip
    b2.device.insert_code("before_start", BEGINS)
    b2.device.insert_code("before_network_run", BUILT)
    b2.device.insert_code("after_network_run", code + ENDS)


if __name__ == "__main__":
    main()
