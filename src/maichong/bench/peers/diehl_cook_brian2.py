"""Learning speed of Diehl & Cook's network in Brian2: C++ standalone, one thread.

Run by an interpreter that has Brian2 (brian2.txt lists what it needs); imports nothing of maichong:

    python diehl_cook_brian2.py --images mnist.npz --count 200 --json out.json

The network, the released triplet rule and all constants are those of the authors' code (Diehl & Cook 2015,
doi:10.3389/fncom.2015.00099). The fastest setting found:

- traces live in the cells, not in the synapses; the presynaptic one is read from the time of the last spike;
- pixels draw the interval to their next spike (geometric: the same process as one Bernoulli draw a step);
- weights are normalised by two passes over the synapses at each image's first step;
- two compiler options let gcc vectorise the state updates: finite math, more run-time alias checks.
"""

import argparse
import json
import math
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

import numpy as np

MAX_RATE = 63.75  # Hz, of a pixel of 255
COMPILER = ["-w", "-O3", "-march=native", "-ffast-math", "-std=c++11"]
COMPILER += ["--param=vect-max-version-for-alias-checks=200"]  # 10 by default: too few

PIXEL = """
p : 1               # probability of a spike in a step
k_next : integer    # step of the next spike
t_last : second
n_spikes : integer
"""
PIXEL_SPIKES = """
k_next = t_in_timesteps + 1 + interval
t_last = t
n_spikes += 1
"""
# log(u)/log(1 - p) is exact for a geometric law; 1e-12 keeps black pixels silent without a branch
INTERVAL = "interval = int(clip(log(rand())/log1p(-p), 0, 1e9))"
SHOW = f"""
p = 1e-12 + image(t, i)*int(t % period < present)
{INTERVAL}
k_next = t_in_timesteps + interval
"""

EXCITATORY = """
dv/dt = ((-65 - v) + ge*(0 - v) + gi*(-100 - v))/(100*ms) : 1 (unless refractory)
dge/dt = -ge/(1*ms) : 1
dgi/dt = -gi/(2*ms) : 1
dtheta/dt = -theta/(1e7*ms) : 1
dpost1/dt = -post1/(20*ms) : 1
dpost2/dt = -post2/(40*ms) : 1
w_sum : 1
n_spikes : integer
"""
EXCITATORY_SPIKES = """
v = -65
theta += 0.05
post1 = 1
post2 = 1
n_spikes += 1
"""
INHIBITORY = """
dv/dt = ((-60 - v) + ge*(0 - v))/(10*ms) : 1 (unless refractory)
dge/dt = -ge/(1*ms) : 1
"""

ON_PRE = """
ge_post += w
w = clip(w - 1e-4*post1_post, 0, 1)
"""
ON_POST = "w = clip(w + 1e-2*exp(-(t - t_last_pre)/(20*ms))*post2_post, 0, 1)"

CLOCK_STARTS = "const auto bench_start = std::chrono::steady_clock::now();"
# getrusage would count the process that started this one; off Linux the file is missing and the peak stays 0
CLOCK_STOPS = """
{
    const std::chrono::duration<double> bench_s = std::chrono::steady_clock::now() - bench_start;
    double peak_kib = 0;
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);)
        if (line.rfind("VmHWM:", 0) == 0)
            peak_kib = std::stod(line.substr(6));
    std::ofstream("bench.txt") << bench_s.count() << " " << peak_kib << std::endl;
}
"""


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=Path, required=True, help="npz with x: uint8 [n, 784] or [n, h, w]")
    parser.add_argument("--count", type=int, required=True, help="how many of them to learn from")
    parser.add_argument("--neurons", type=int, default=400)
    parser.add_argument("--dt", type=float, default=0.5, help="ms")
    parser.add_argument("--present-ms", type=float, default=350.0)
    parser.add_argument("--rest-ms", type=float, default=150.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--delays", action="store_true", help="U(0, 10) ms on every input synapse")
    parser.add_argument("--json", type=Path, required=True, help="where to write the result")
    return parser.parse_args()


def pixels(path, count):
    """The first `count` images as float [count, pixels] in 0..1."""
    x = np.load(path)["x"]
    if count > len(x):
        raise SystemExit(f"--count: {path.name} holds {len(x)} images (got {count})")
    return x[:count].reshape(count, -1) / 255.0


def build(b2, image, args):
    """The network, its pixels and its excitatory cells; `image` is a TimedArray of probabilities a step."""
    ms = b2.ms
    period = (args.present_ms + args.rest_ms) * ms
    # p changes where an image or a rest begins: both lie on this coarser clock
    coarse = math.gcd(round(args.present_ms / args.dt), round(args.rest_ms / args.dt)) * args.dt * ms

    pixel = b2.NeuronGroup(image.values.shape[1], PIXEL, threshold="t_in_timesteps >= k_next", reset=INTERVAL + PIXEL_SPIKES)
    pixel.t_last = -1 * b2.second
    pixel.run_regularly(SHOW, dt=coarse)

    exc = b2.NeuronGroup(
        args.neurons,
        EXCITATORY,
        threshold="v > theta - 20 - 52",
        reset=EXCITATORY_SPIKES,
        refractory=5 * ms,
        method="exponential_euler",
    )
    exc.v = -105
    exc.theta = 20
    inh = b2.NeuronGroup(
        args.neurons,
        INHIBITORY,
        threshold="v > -40",
        reset="v = -45",
        refractory=2 * ms,
        method="exponential_euler",
    )
    inh.v = -100

    inputs = b2.Synapses(pixel, exc, "w : 1", on_pre=ON_PRE, on_post=ON_POST)
    inputs.connect()
    inputs.w = "0.3*(rand() + 0.01)"
    if args.delays:
        inputs.pre.delay = "rand()*10*ms"
    exc.run_regularly("w_sum = 0", dt=period, order=0)
    inputs.run_regularly("w_sum_post += w", dt=period, order=1)
    inputs.run_regularly("w *= 78/w_sum_post", dt=period, order=2)

    exc_inh = b2.Synapses(exc, inh, on_pre="ge_post += 10.4")
    exc_inh.connect(j="i")
    inh_exc = b2.Synapses(inh, exc, on_pre="gi_post += 17")
    inh_exc.connect(condition="i != j")
    return b2.Network(pixel, exc, inh, inputs, exc_inh, inh_exc), pixel, exc


def notes(args):
    return [
        "delays U(0, 10) ms on every input synapse; the presynaptic trace is set when the spike leaves"
        if args.delays
        else "no delays",
        "an image that draws fewer than 5 spikes is not shown again",
        "exponential Euler, double precision",
        "pixels draw geometric intervals between spikes instead of one number a step",
        "compiled with " + " ".join(COMPILER),
        "peak_rss_mib is that of the compiled program",
    ]


def main():
    start = time.perf_counter()
    args = arguments()
    import brian2 as b2  # here, so that build_s counts it

    b2.prefs.codegen.cpp.extra_compile_args_gcc = COMPILER
    b2.prefs.codegen.cpp.headers += ["<chrono>"]
    b2.set_device("cpp_standalone", build_on_run=False)
    b2.seed(args.seed)
    b2.defaultclock.dt = args.dt * b2.ms

    period = (args.present_ms + args.rest_ms) * b2.ms
    p = pixels(args.images, args.count) * MAX_RATE * args.dt / 1000
    image = b2.TimedArray(p, dt=period)
    net, pixel, exc = build(b2, image, args)
    names = {"image": image, "period": period, "present": (args.present_ms - args.dt / 2) * b2.ms}

    b2.device.insert_code("main", CLOCK_STARTS)
    net.run(args.count * period, namespace=names)
    b2.device.insert_code("main", CLOCK_STOPS)

    with tempfile.TemporaryDirectory() as folder:
        b2.device.build(directory=folder, run=False, with_output=False)
        build_s = time.perf_counter() - start
        b2.device.run(with_output=False)
        train_s, peak_kib = map(float, (Path(folder) / "bench.txt").read_text().split())
        spikes = int(np.sum(exc.n_spikes[:]))
        input_spikes = int(np.sum(pixel.n_spikes[:]))

    result = {
        "tool": "brian2",
        "version": version("brian2"),
        "neurons": args.neurons,
        "images": args.count,
        "build_s": build_s,
        "train_s": train_s,
        "images_per_s": args.count / train_s,
        "spikes_per_image": spikes / args.count,
        "input_spikes_per_image": input_spikes / args.count,
        "threads": 1,
        "peak_rss_mib": peak_kib / 1024 or None,
        "notes": notes(args),
    }
    args.json.write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
