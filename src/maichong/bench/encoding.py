"""How fast values become random spikes: MNIST in batches, as dense arrays and as lists of spikes, beside NumPy and torch.

A draw is one value in one step. What is timed is the whole call, from images in 0..1 to spikes, in CPU time of the one thread,
which other work on the machine hardly changes; a tool's rate is that of its quickest batch, and the median stands beside it. Arrays
are written into memory that is there, as a training loop would have it. The lists leave out what can never spike, black pixels,
whose draws count all the same: they give the same spikes.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np

NAME = "encoding"
TITLE = "Bernoulli draws a second on one core: MNIST as Poisson spikes"

BATCH, STEPS, BATCHES = 64, 100, 40
"""Images of a batch, steps that each is shown for, and how many batches are timed."""
RATES = (63.75, 1000.0)
"""Hz of a white pixel at steps of 1 ms: Diehl & Cook's, and p = x, which is common in deep learning."""


def compare(*, tell: Callable[[str], None] = lambda _: None) -> dict[str, Any]:
    """Time ``PoissonRate`` and what NumPy and torch offer, at each of RATES.

    Returns ``network``, and ``rows``: tool, way, version, rate_hz, draws_per_s (the quickest batch), draws_per_s_median,
    spikes_per_image and ns_per_spike; ``ratios``: for each tool, rate by rate, our dense form over its best way.
    """
    from maichong.data import load

    images = load("mnist").x_train[: BATCH * BATCHES].reshape(BATCHES, BATCH, -1) / 255.0
    rows = []
    for rate in RATES:
        for tool, way, version, encode in _ways(rate, images.shape[1:]):
            tell(f"{tool}, {way}, {rate:g} Hz")
            rows.append({"tool": tool, "way": way, "version": version, "rate_hz": rate, **_timed(encode, images)})
    ours = {row["rate_hz"]: row["draws_per_s"] for row in rows if row["tool"] == "maichong" and row["way"] == "dense"}
    ratios = {
        tool: {
            f"{rate:g}": ours[rate] / max(r["draws_per_s"] for r in rows if (r["tool"], r["rate_hz"]) == (tool, rate))
            for rate in RATES
        }
        for tool in dict.fromkeys(row["tool"] for row in rows)
        if tool != "maichong"
    }
    return {"network": TITLE, "batch": BATCH, "steps": STEPS, "batches": BATCHES, "threads": 1, "rows": rows, "ratios": ratios}


def _ways(rate: float, shape: tuple[int, ...]) -> list[tuple[str, str, str, Callable[[np.ndarray], Any]]]:
    """Each way to encode a batch [images, pixels]: tool, words, version and the call."""
    from maichong import __version__
    from maichong.encoding import PoissonRate

    code, p, size = PoissonRate(rate=rate, law="bernoulli", steps=STEPS, seed=1), rate / 1000.0, (STEPS, *shape)
    rng, spikes = np.random.default_rng(1), np.empty(size, bool)
    doubles, singles, ours = np.empty(size), np.empty(size, np.float32), np.empty(size, np.uint8)
    found: list[tuple[str, str, str, Callable[[np.ndarray], Any]]] = [
        ("maichong", "dense", __version__, lambda x: code.dense(x, ours)),
        ("maichong", "list", __version__, code.encode),
        ("numpy", "random < p, float64", np.__version__, lambda x: np.less(rng.random(out=doubles), p * x, out=spikes)),
        (
            "numpy", "random < p, float32", np.__version__,
            lambda x: np.less(rng.random(out=singles, dtype=np.float32), (p * x).astype(np.float32), out=spikes),
        ),
    ]  # fmt: skip
    try:
        import torch
    except ImportError:
        return found
    torch.set_num_threads(1)
    torch.manual_seed(1)
    floats, flags = torch.empty(size), torch.empty(size, dtype=torch.bool)

    def chances(x: np.ndarray) -> Any:
        return torch.from_numpy(p * x).float()

    found += [
        ("torch", "bernoulli", torch.__version__, lambda x: torch.bernoulli(chances(x).expand(size), out=floats)),
        ("torch", "rand < p", torch.__version__, lambda x: torch.lt(torch.rand(size, out=floats), chances(x), out=flags)),
    ]
    return found


def _timed(encode: Callable[[np.ndarray], Any], images: np.ndarray) -> dict[str, float]:
    encode(images[0])  # compiles, and warms up
    taken, spikes = [], 0
    for batch in images:
        begun = time.process_time()
        out = encode(batch)
        taken.append(time.process_time() - begun)
        spikes += len(out) if hasattr(out, "times") else int(out.sum())
    draws, per_batch = images[0].size * STEPS, spikes / len(images)
    return {
        "draws_per_s": draws / min(taken), "draws_per_s_median": draws / statistics.median(taken),
        "spikes_per_image": per_batch / len(images[0]), "ns_per_spike": 1e9 * min(taken) / per_batch,
    }  # fmt: skip
