"""Networks in space beside NEST's: as many pairs, at the same distances, with the same weights and delays."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy.stats import ks_2samp

from maichong import LIF, DistanceKernel, Exponential, Network
from maichong.topology import DistanceProbability, uniform_positions

nest = pytest.importorskip("nest")

N, WIDTH = 300, 0.12
PLACES = uniform_positions(N, (1.0, 1.0), seed=7)


def theirs(shape: str, *, period: bool, outer: float, seed: int) -> dict[str, np.ndarray]:
    nest.ResetKernel()
    nest.verbosity = nest.VerbosityLevel.ERROR
    nest.rng_seed = seed
    # NEST puts a layer's box where its extent says, around its middle
    places = nest.spatial.free(pos=(PLACES - 0.5).tolist(), extent=[1.0, 1.0], edge_wrap=period)
    cells = nest.Create("parrot_neuron", positions=places)
    rule = {
        "rule": "pairwise_bernoulli",
        "p": KERNELS[shape](nest.spatial.distance),
        "mask": {"circular": {"radius": outer}},
        "allow_autapses": False,
    }
    far = nest.spatial.distance
    synapse = {"weight": nest.spatial_distributions.gaussian(far, std=WIDTH), "delay": 0.5 + 2.0 * far}
    nest.Connect(cells, cells, rule, synapse)
    found = nest.GetConnections()
    made = {name: np.array(found.get(name)) for name in ("source", "target", "weight", "delay")}
    apart = np.abs(PLACES[made["source"] - 1] - PLACES[made["target"] - 1])
    apart = np.minimum(apart, 1.0 - apart) if period else apart
    made["distance"] = np.hypot(*apart.T)
    return made


def ours(kernel: DistanceKernel, *, period: bool, outer: float, seed: int, engine: str = "reference") -> dict[str, np.ndarray]:
    net = Network(dt=0.1, seed=seed)
    cells = net.population("cells", LIF(), N)
    connector = DistanceProbability(kernel, PLACES, PLACES, outer=outer, period=1.0 if period else None, autapses=False)
    net.project(
        cells, cells, connector, receptor=Exponential(), weight=DistanceKernel("gaussian", WIDTH),
        delay=DistanceKernel("proportional", 0.5, floor=0.5),
    )  # fmt: skip
    found = net.build(engine).synapses("cells->cells")
    return {**found, "distance": connector.distances(found["pre"], found["post"])}


KERNELS = {
    "gaussian": lambda far: 0.6 * nest.spatial_distributions.gaussian(far, std=0.1),
    "exponential": lambda far: 0.6 * nest.spatial_distributions.exponential(far, beta=0.1),
    "linear": lambda far: nest.math.max(0.6 - 6.0 * far, 0.0),
}


@pytest.mark.parametrize(("shape", "period"), [("gaussian", True), ("exponential", False), ("linear", True)])
def test_pairs_weights_and_delays_are_as_nests(shape: str, period: bool) -> None:
    found: dict[str, Any] = {}
    counts: dict[str, Any] = {}
    for name, make, kernel in (
        ("nest", theirs, shape),
        ("ours", ours, DistanceKernel(shape, 0.1, 0.6)),
    ):
        drawn = [make(kernel, period=period, outer=0.25, seed=seed) for seed in range(1, 7)]
        counts[name] = np.array([one["distance"].size for one in drawn])
        found[name] = {key: np.concatenate([one[key] for one in drawn]) for key in ("distance", "weight", "delay")}
    spread = math.sqrt(counts["nest"].mean() / 6)
    assert abs(counts["nest"].mean() - counts["ours"].mean()) < 5 * spread
    # each pair of seeds draws from the same 300 positions
    assert ks_2samp(found["nest"]["distance"], found["ours"]["distance"]).pvalue > 1e-3
    for one in found.values():
        np.testing.assert_allclose(one["weight"], np.exp(-0.5 * (one["distance"] / WIDTH) ** 2), rtol=1e-9)
        assert (np.abs(one["delay"] - 0.5 - 2.0 * one["distance"]) < 0.0501).all()


def test_a_network_in_space_is_handed_over_to_nest() -> None:
    given = {"period": True, "outer": 0.25, "seed": 3}
    here, there = (ours(DistanceKernel("gaussian", 0.1, 0.6), engine=engine, **given) for engine in ("reference", "nest"))
    for key in ("pre", "post", "weight", "delay"):
        np.testing.assert_allclose(here[key], there[key], rtol=1e-12)
