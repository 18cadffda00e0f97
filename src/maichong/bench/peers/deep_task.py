"""What all tools do with a network whose training is timed: train it, run it, and write what was measured.

The task is JSON: the ``constants``, the file of ``arrays`` (input spikes, labels, initial weights), ``way`` (how this tool is to
run the network), ``threads``, ``products`` ("float32" or "bfloat16": torch's switch for products of float32), and ``warmup``,
``steps`` and ``repeats``. The row says version, torch, threads, first_train_s and first_infer_s, train_spans_s and infer_spans_s
(the seconds of each repeat), waited (the share of these in which threads waited for cores that others held), baseline_mib and
peak_mib (resident memory when libraries and data are there, and at most), rates and trained_rates by layer, gradients by layer,
loss_first, loss_last and notes.
"""

import contextlib
import time
from pathlib import Path

import numpy as np
import task as tasks
import torch
from deep_net import Net


def run(doc, version, neurons, *, scale=lambda c: 1.0, notes=(), whole=None):
    """Measure a tool: a ``Net`` of its ``neurons``, whose weights are ``scale(c)`` times as large as those of others.

    ``whole(net)`` is the function of the net where the tool has one of its own for such a stack of layers.
    """
    task, out = tasks.arguments(doc)
    scale = scale(task.c)
    torch.set_num_threads(task.threads)
    torch.set_float32_matmul_precision("medium" if task.products == "bfloat16" else "highest")
    arrays = np.load(task.arrays)
    x, labels = torch.from_numpy(arrays["x"]).float(), torch.from_numpy(arrays["labels"])
    baseline_mib = tasks.memory_mib("VmRSS")
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")  # the peak begins here

    net = Net(task.c, arrays, neurons, scale)
    forward = torch.compile(net) if task.way == "compile" else whole(net) if whole else net
    # where weights are larger, this makes them move as the others do
    adam = torch.optim.Adam(net.parameters(), lr=scale * task.c.lr, eps=1e-8 / scale, fused=True)

    def train():
        adam.zero_grad()
        loss = torch.nn.functional.cross_entropy(forward(x).mean(0), labels)
        loss.backward()
        adam.step()
        return loss.item()

    @torch.no_grad()
    def infer():
        return forward(x).mean(0)

    first_train_s, loss_first = timed(train)
    gradients = net.gradients()
    train_spans_s, loss_last, waited_s = spans(train, task)
    net.eval()
    first_infer_s, _ = timed(infer)
    infer_spans_s, _, waited_too_s = spans(infer, task)
    waited = (waited_s + waited_too_s) / (sum(train_spans_s) + sum(infer_spans_s)) / task.threads
    peak_mib = tasks.memory_mib("VmHWM")
    trained_rates = rates(net, x)
    net.load(arrays)
    tasks.write(
        out, version=version, torch=torch.__version__, threads=task.threads, first_train_s=first_train_s,
        first_infer_s=first_infer_s, train_spans_s=train_spans_s, infer_spans_s=infer_spans_s, waited=waited,
        baseline_mib=baseline_mib, peak_mib=peak_mib, rates=rates(net, x), trained_rates=trained_rates, gradients=gradients,
        loss_first=loss_first, loss_last=loss_last, notes=list(notes),
    )  # fmt: skip


def timed(call):
    """The seconds that a call takes, and what it gives."""
    begun = time.perf_counter()
    given = call()
    return time.perf_counter() - begun, given


def spans(call, task):
    """The seconds of each repeat of ``steps`` calls after a warm-up, what the last call gave, and for how long threads waited."""
    for _ in range(task.warmup):
        call()
    before_s = waited_so_far_s()

    def repeat():
        for _ in range(task.steps - 1):
            call()
        return call()

    found = [timed(repeat) for _ in range(task.repeats)]
    return [seconds for seconds, _ in found], found[-1][1], waited_so_far_s() - before_s


def waited_so_far_s():
    """The seconds in which threads of this process could have run, had others not held the cores; 0 where no system says so."""
    found = 0.0
    for path in Path("/proc/self/task").glob("*/schedstat"):
        with contextlib.suppress(OSError):  # of a thread that has ended
            found += 1e-9 * int(path.read_text().split()[1])
    return found


@torch.no_grad()
def rates(net, x):
    """The spikes of a neuron in a step, by layer."""
    found = []
    net(x, found)
    return dict(zip(net.names, found, strict=True))
