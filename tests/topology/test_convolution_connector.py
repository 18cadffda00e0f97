"""Convolutions as connectors, against correlations of SciPy; and, slow because of its import alone, torch's conv2d."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.signal import correlate

from maichong import LIF, Delta, Network, SpikeTimes, Uniform
from maichong.errors import MaichongError
from maichong.topology import Convolution, from_dict

FORMS: list[dict[str, Any]] = [
    {"shape": (1, 8, 8), "channels": 3, "kernel": 3},
    {"shape": (2, 7, 9), "channels": 4, "kernel": (3, 2), "stride": (2, 1), "padding": (1, 0)},
    {"shape": (2, 9, 8), "channels": 2, "kernel": (2, 3), "padding": 2, "dilation": (2, 3)},
    {"shape": (4, 6, 6), "channels": 6, "kernel": 3, "groups": 2, "padding": 1},
    {"shape": (3, 6, 6), "channels": 3, "kernel": 2, "stride": 2, "groups": 3},
    {"shape": (1, 1, 1), "channels": 1, "kernel": 3, "padding": 1},
]


def by_scipy(conv: Convolution, image: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """Map by map: the image with a border of zeros, the taps apart by zeros, and every stride-th of the correlations."""
    (rows, columns), (down, right) = conv.padding, conv.dilation
    wide = np.pad(image, ((0, 0), (rows, rows), (columns, columns)))
    taps = np.zeros((*kernel.shape[:2], down * (kernel.shape[2] - 1) + 1, right * (kernel.shape[3] - 1) + 1))
    taps[:, :, ::down, ::right] = kernel
    seen, new = kernel.shape[1], conv.channels // conv.groups
    maps = [
        sum(correlate(wide[o // new * seen + c], taps[o, c], "valid", "direct") for c in range(seen))
        for o in range(conv.channels)
    ]
    return np.array(maps)[:, :: conv.stride[0], :: conv.stride[1]]


def by_torch(conv: Convolution, image: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    torch = pytest.importorskip("torch")
    options = {name: getattr(conv, name) for name in ("stride", "padding", "dilation", "groups")}
    return torch.nn.functional.conv2d(torch.tensor(image)[None], torch.tensor(kernel), **options)[0].numpy()


@pytest.mark.parametrize("judge", [by_scipy, pytest.param(by_torch, marks=pytest.mark.slow)])
@pytest.mark.parametrize("form", FORMS, ids=range(len(FORMS)))
def test_synapses_with_shared_weights_are_a_convolution(form: dict[str, Any], judge: Any) -> None:
    conv = Convolution(**form)
    rng = np.random.default_rng(1)
    kernel = rng.normal(size=(conv.channels, conv.shape[0] // conv.groups, *conv.kernel))
    image = rng.normal(size=conv.shape)
    wanted = judge(conv, image, kernel)
    assert conv.output == wanted.shape
    n_pre, n_post = image.size, wanted.size
    conv.check(n_pre, n_post, "here")
    pre, post = conv.pairs(n_pre, n_post, rng)
    assert (np.diff(pre * n_post + post) > 0).all()
    assert conv.expected(n_pre, n_post) == pre.size
    found = np.bincount(post, conv.weights(kernel) * image.reshape(-1)[pre], n_post)
    np.testing.assert_allclose(found, wanted.reshape(-1), rtol=1e-12, atol=1e-12)
    assert from_dict(conv.to_dict()) == conv


def test_spikes_of_an_image_jump_the_membranes_by_its_convolution(tmp_path: Any) -> None:
    conv = Convolution((2, 6, 5), channels=3, kernel=(3, 2), padding=1)
    rng = np.random.default_rng(2)
    image, kernel = rng.random(conv.shape) < 0.4, rng.normal(size=(3, 2, 3, 2))
    on = np.flatnonzero(image)
    net = Network(dt=0.1)
    net.population("image", SpikeTimes(np.full(on.size, 1.0), on), image.size)
    net.population("map", LIF(v_rest=0.0, v_th=1e3, tau_m=1e9), int(np.prod(conv.output)))
    net.project("image", "map", conv, weight=conv.weights(kernel), delay=0.5, receptor=Delta())
    again = Network.load(net.save(tmp_path / "net.json"))
    assert again == net == Network.load(net.save(tmp_path / "net.npz"))
    v = again.build("reference").run(2.0)["map"]["v"].reshape(conv.output)
    np.testing.assert_allclose(v, by_scipy(conv, image.astype(float), kernel), rtol=1e-6, atol=1e-6)


def test_weights_that_are_not_shared_are_one_for_each_synapse() -> None:
    conv = Convolution((1, 6, 6), channels=2, kernel=3)
    net = Network(dt=0.1, seed=1)
    net.population("image", SpikeTimes([], []), 36)
    net.population("map", LIF(), 32)
    net.project("image", "map", conv, weight=Uniform(0.0, 1.0), receptor=Delta())
    weights = net.build("reference").synapses("image->map")["weight"]
    assert weights.size == np.unique(weights).size == 2 * 16 * 9


REFUSED = [
    (lambda: Convolution((28, 28), 1, 3), "Convolution.shape: must be three whole numbers >= 1 (got (28, 28))"),
    (lambda: Convolution((1, 5, 5), 0, 3), "Convolution.channels: must be one whole number >= 1 (got 0)"),
    (lambda: Convolution((1, 5, 5), True, 3), "Convolution.channels: must be one whole number >= 1 (got True)"),
    (lambda: Convolution((1, 5, 5), 1, (3, 3, 3)), "Convolution.kernel: must be one or two whole numbers >= 1 (got (3, 3, 3))"),
    (lambda: Convolution((1, 5, 5), 1, 3, padding=-1), "Convolution.padding: must be one or two whole numbers >= 0 (got -1)"),
    (lambda: Convolution((1, 5, 5), 1, 3, stride=0.5), "Convolution.stride: must be one or two whole numbers >= 1 (got 0.5)"),
    (
        lambda: Convolution((3, 5, 5), 4, 3, groups=2),
        "Convolution.groups: must divide the maps on both sides (got 2 groups of 3 and 4 maps)",
    ),
    (
        lambda: Convolution((1, 5, 5), 1, 7),
        "Convolution: no window fits into the map (got an output of (1, -1, -1)); give it a padding",
    ),
    (
        lambda: Convolution((1, 5, 5), 2, 3).check(25, 17, "here"),
        "here: Convolution needs 18 neurons post, (2, 3, 3) of them (got 17)",
    ),
    (
        lambda: Convolution((1, 5, 5), 2, 3).weights(np.zeros((3, 3))),
        "Convolution.weights: the kernel must have the shape [2, 1, 3, 3] (got [3, 3])",
    ),
]


@pytest.mark.parametrize(("make", "message"), REFUSED, ids=range(len(REFUSED)))
def test_what_convolutions_refuse(make: Any, message: str) -> None:
    with pytest.raises(MaichongError) as caught:
        make()
    assert str(caught.value) == message
