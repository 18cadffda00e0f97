"""Learning speed of Diehl & Cook's network in BindsNET: its own `DiehlAndCook2015`, batch 1, one thread.

Run by an interpreter that has BindsNET (bindsnet.txt lists what it needs); imports nothing of maichong:

    python diehl_cook_bindsnet.py --images mnist.npz --count 20 --json out.json

BindsNET's cells are driven by currents and its rule is pair STDP: `notes` in the result lists every departure
from Diehl & Cook 2015 (doi:10.3389/fncom.2015.00099). The fastest setting found is without autograd and with
`sparse_compute` on all connections. With `--rest-ms 0` the state is reset between images instead of resting,
as BindsNET's own examples do.
"""

import argparse
import importlib
import importlib.util
import json
import sys
import time
import types
from importlib.metadata import version
from pathlib import Path

import numpy as np

MAX_RATE = 63.75  # Hz, of a pixel of 255

NOTES = [
    "no delays",
    "an image that draws fewer than 5 spikes is not shown again",
    "current-based cells: a spike moves the target's voltage at once",
    "pair STDP (BindsNET's PostPre, 1e-4 and 1e-2) instead of the triplet rule",
    "BindsNET's own weights 22.5 (E to I) and 17.5 (I to E), and its reset of E to -60 mV",
    "at most one excitatory cell fires in a step (BindsNET's one_spike); the others are reset, uncounted",
    "single precision, dense products",
    "bindsnet/__init__.py is bypassed: it imports torchvision, OpenCV and more, which the model never uses",
]


class SpikeCount:
    """The part of a BindsNET monitor that `Network.run` calls; counts instead of storing."""

    def __init__(self, layer):
        self.layer = layer
        self.total = 0

    def record(self):
        self.total += self.layer.s.sum()

    def reset_state_variables(self):
        pass


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=Path, required=True, help="npz with x: uint8 [n, 784] or [n, h, w]")
    parser.add_argument("--count", type=int, required=True, help="how many of them to learn from")
    parser.add_argument("--neurons", type=int, default=400)
    parser.add_argument("--dt", type=float, default=0.5, help="ms")
    parser.add_argument("--present-ms", type=float, default=350.0)
    parser.add_argument("--rest-ms", type=float, default=150.0, help="0: reset the state between images")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path, required=True, help="where to write the result")
    return parser.parse_args()


def pixels(path, count):
    """The first `count` images as float [count, pixels] in 0..1."""
    x = np.load(path)["x"]
    if count > len(x):
        raise SystemExit(f"--count: {path.name} holds {len(x)} images (got {count})")
    return x[:count].reshape(count, -1) / 255.0


def import_model():
    """BindsNET's `DiehlAndCook2015`, without the imports of its top-level package."""
    spec = importlib.util.find_spec("bindsnet")
    if spec is None:
        raise SystemExit("bindsnet is not installed beside this interpreter: see bindsnet.txt")
    package = types.ModuleType("bindsnet")
    package.__path__ = list(spec.submodule_search_locations)
    sys.modules["bindsnet"] = package
    importlib.import_module("bindsnet.network")  # first: bindsnet.models alone runs into an import cycle
    from bindsnet.models import DiehlAndCook2015

    return DiehlAndCook2015


def build(model, n_pixels, args):
    """The network, its weights normalised and its thresholds at their start of 20 mV."""
    net = model(n_inpt=n_pixels, n_neurons=args.neurons, dt=args.dt, nu=(1e-4, 1e-2), norm=78.0, theta_plus=0.05)
    net.layers["Ae"].theta.fill_(20.0)
    for connection in net.connections.values():
        connection.sparse_compute = True
        connection.normalize()  # Network.run does it after each image: so this serves the first
    return net


def learn(torch, net, p, args):
    """Show each row of `p` [images, pixels], probabilities of a spike in a step; returns the input spikes."""
    shown = round(args.present_ms / args.dt)
    spikes = torch.zeros(shown + round(args.rest_ms / args.dt), p.shape[1], dtype=torch.bool)
    n_input = 0
    for row in p:
        spikes[:shown] = torch.rand(shown, p.shape[1]) < row
        n_input += int(spikes.sum())
        net.run({"X": spikes}, time=args.present_ms + args.rest_ms)
        if args.rest_ms == 0:
            net.reset_state_variables()
    return n_input


def peak_rss_mib():
    """Linux only, else None; getrusage would count the process that started this one."""
    status = Path("/proc/self/status")
    if not status.exists():
        return None
    return next(float(line.split()[1]) / 1024 for line in status.open() if line.startswith("VmHWM:"))


def main():
    start = time.perf_counter()
    args = arguments()
    import torch  # here, so that build_s counts it

    model = import_model()
    torch.set_num_threads(1)
    torch.set_grad_enabled(False)
    torch.manual_seed(args.seed)
    p = torch.tensor(pixels(args.images, args.count) * MAX_RATE * args.dt / 1000, dtype=torch.float32)
    net = build(model, p.shape[1], args)
    count = SpikeCount(net.layers["Ae"])
    net.monitors["count"] = count
    build_s = time.perf_counter() - start

    start = time.perf_counter()
    n_input = learn(torch, net, p, args)
    train_s = time.perf_counter() - start

    reset = ["the state is reset between images instead of a rest"] if args.rest_ms == 0 else []
    result = {
        "tool": "bindsnet",
        "version": version("bindsnet"),
        "neurons": args.neurons,
        "images": args.count,
        "build_s": build_s,
        "train_s": train_s,
        "images_per_s": args.count / train_s,
        "spikes_per_image": int(count.total) / args.count,
        "input_spikes_per_image": n_input / args.count,
        "threads": 1,
        "peak_rss_mib": peak_rss_mib(),
        "notes": NOTES + reset,
    }
    args.json.write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
