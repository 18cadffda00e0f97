"""maichong's own row of the Diehl-Cook benchmark: the same command line as the peers' scripts."""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

BEGUN = time.perf_counter()


def main() -> None:
    """Train on the given images and write what was measured."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--images", type=Path, required=True)
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("--neurons", type=int, default=400)
    parser.add_argument("--dt", type=float, default=0.5)
    parser.add_argument("--present-ms", type=float, default=350.0)
    parser.add_argument("--rest-ms", type=float, default=150.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path, required=True)
    parser.add_argument("--no-delays", action="store_true")
    given = parser.parse_args()

    import numpy as np

    from maichong import __version__
    from maichong.zoo.diehl_cook_2015 import Settings, network, present
    from maichong.zoo.machine import peak_rss_mib

    images = np.load(given.images, allow_pickle=False)["x"][: given.count]
    images = images.reshape(len(images), -1)
    settings = Settings(
        neurons=given.neurons, dt=given.dt, present_ms=given.present_ms, rest_ms=given.rest_ms,
        max_delay=given.dt if given.no_delays else 10.0,
    )  # fmt: skip
    run = network(settings, images.shape[1], given.seed).build("events", precision="float32")
    build_s = time.perf_counter() - BEGUN
    begun = time.perf_counter()
    spikes = sum(int(present(run, image, settings).sum()) for image in images)
    train_s = time.perf_counter() - begun
    row = {
        "tool": "maichong",
        "version": __version__,
        "neurons": given.neurons,
        "images": len(images),
        "build_s": build_s,
        "train_s": train_s,
        "images_per_s": len(images) / train_s,
        "spikes_per_image": spikes / len(images),
        "threads": 1,
        "peak_rss_mib": peak_rss_mib(),
        "notes": ["float32; images that evoke fewer than 5 spikes are shown again, brighter"],
    }
    given.json.write_text(json.dumps(row))


if __name__ == "__main__":
    main()
