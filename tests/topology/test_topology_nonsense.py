"""Nonsense in every argument of connectors, positions, readers and liquids: one sentence, or something that builds."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import sparse

from maichong import LIF, DistanceKernel, Exponential, Network
from maichong.errors import MaichongError
from maichong.liquid import feed, liquid
from maichong.topology import (
    Blocks,
    Connector,
    Convolution,
    DistanceProbability,
    FixedTotalNumber,
    PreferentialAttachment,
    ScaleFree,
    SmallWorld,
    by_sign,
    from_networkx,
    from_sparse,
    grid_positions,
    layered,
    read_edges,
    read_sonata,
    uniform_positions,
)

NONSENSE = [
    None, True, "abc", "1e999", "20 ms", "", "a\nb\0", b"12", 0, -1, 1.5, 2**62, -(2**63), 10**400, 1e308, 5e-324, float("nan"),
    float("inf"), np.float32(0.5), np.int8(-3), 1j, [], [1], (1, 2), [1, "a"], [None], [[1, 2], [3]], [[[1]]], range(3), {1, 2}, {},
    {"EE": "a"}, {1: 2}, np.array([]), np.zeros((2, 2)), np.full(3, np.nan), np.array("x"), np.array([None]), np.zeros((2,) * 4),
    object(), int, lambda: 0, np.datetime64("1970-01-05"), np.ma.masked, ["x"] * 500, np.full((30, 30), "x"), sparse.eye_array(3),
]  # fmt: skip
PLACES = grid_positions((3, 2))


def fed(**options: Any) -> None:
    net = Network(dt=0.5)
    pool = liquid(net, shape=(2, 2, 2), inhibitory=0.25)
    net.population("x", LIF(), 3)
    feed(net, options.pop("source"), pool, receptor=Exponential(), **options)


GOOD: dict[Callable[..., Any], dict[str, Any]] = {
    DistanceKernel: {"shape": "linear", "scale": 1.0, "peak": 0.5, "floor": 0.1},
    DistanceProbability: {
        "kernel": DistanceKernel("gaussian"), "pre": PLACES, "post": PLACES, "inner": 0.0, "outer": 2.0, "period": 3.0,
        "autapses": False,
    },
    SmallWorld: {"k": 2, "p": 0.5},
    PreferentialAttachment: {"m": 2, "attractiveness": 1.0, "hubs": "in"},
    ScaleFree: {
        "alpha": 0.41, "beta": 0.54, "gamma": 0.05, "delta_in": 0.2, "delta_out": 0.0, "autapses": True, "multapses": True,
    },
    Blocks: {"p": [[0.5, 0.1], [0.1, 0.5]], "pre": [3, 3], "post": [2, 4], "autapses": True},
    layered: {"sizes": [2, 4], "forward": 1.0, "backward": 0.0, "lateral": 0.5, "skip": 0.1, "autapses": False},
    Convolution: {"shape": (1, 2, 3), "channels": 1, "kernel": 1, "stride": 1, "padding": 0, "dilation": 1, "groups": 1},
    FixedTotalNumber: {"n": 5, "autapses": True, "multapses": False},
    grid_positions: {"shape": (2, 3), "spacing": 1.0},
    uniform_positions: {"n": 3, "extent": (1.0, 1.0), "seed": 1},
    from_sparse: {"matrix": sparse.eye_array(3)},
    from_networkx: {"graph": None},
    read_edges: {"path": "none.csv"},
    read_sonata: {"path": "none.h5", "types": None, "population": None},
    by_sign: {"edges": from_sparse(sparse.eye_array(3)), "inhibitory": [1]},
    fed: {"source": "x", "targets": 2, "weight": 1.0, "negative": 0.5, "seed": 1},
    liquid: {
        "name": "pool", "shape": (2, 2, 2), "inhibitory": 0.25, "reach": 2.0, "chance": {"EE": 0.3}, "weight": None, "delay": None,
        "receptor": None, "short_term": None, "cells": None, "drive": None, "init": None, "seed": 1,
    },
}  # fmt: skip


@pytest.mark.parametrize(("make", "name"), [(make, name) for make, good in GOOD.items() for name in good])
def test_one_sentence_or_something_that_builds(make: Any, name: str) -> None:
    for bad in NONSENSE:
        given = {**GOOD[make], name: bad}
        if make is liquid:
            given["net"] = Network(dt=0.5)
        told = ""
        try:
            made = make(**given)
            if isinstance(made, Connector) and name not in ("n", "channels", "shape", "kernel"):
                net = Network(dt=0.1)
                cells = net.population("cells", LIF(), 6)
                net.project(cells, cells, made, weight=1.0, receptor=Exponential())
                net.build("reference")
        except MaichongError as error:
            told = str(error)
        except Exception as error:
            raise AssertionError(f"{name}={str(bad)[:40]}: {type(error).__name__}: {error}") from error
        assert "\n" not in told and len(told) < 400


def test_kernels_and_numbers_stay_what_they_were_given() -> None:
    for shape, peak in itertools.product(("constant", "gaussian", "exponential", "linear", "proportional"), (-1.5, 0.0, 2.0)):
        kernel = DistanceKernel(shape, 0.5, peak, 0.25)
        low, high = kernel.bounds()
        values = kernel.at(np.linspace(0.0, 50.0, 1000))
        assert (values >= low).all() and (values <= high).all()
        assert np.isinf([low, high]).any() or (np.isclose(values.min(), low) and np.isclose(values.max(), high))
