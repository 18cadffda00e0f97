"""Rules that act in every step: the table of equations.md 3.6 in a network and in a layer, identities, fixed points, bad inputs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from maichong import (
    BCM,
    LIF,
    AllToAll,
    ContrastiveHebb,
    Covariance,
    Delta,
    DifferentialHebb,
    Exponential,
    Hebb,
    Network,
    Oja,
    OneToOne,
    PairSTDP,
    PostsynapticDifferential,
    PresynapticDifferential,
    SpikeTimes,
    Uniform,
)  # fmt: skip
from maichong.errors import EngineError, ModelError, ParameterError
from maichong.plasticity.layers import Layer, sanger
from maichong.spec import Param, rule

S_I, S_J = [0, 1, 1, 0, 0], [0, 0, 1, 1, 0]
FREE = {"eta": 1.0, "w_min": None, "w_max": None}
TABLE = {
    "Hebb": (Hebb(**FREE), S_J, 1.0),
    "Hebb with decay": (Hebb(decay=0.03, **FREE), S_J, 1.0 - 5 * 0.03),
    "Kosko": (DifferentialHebb(**FREE), S_J, 0.0),
    "Kosko, alike": (DifferentialHebb(**FREE), S_I, 2.0),
    "postsynaptic": (PostsynapticDifferential(**FREE), S_J, 1.0),
    "presynaptic": (PresynapticDifferential(**FREE), S_J, -1.0),
    "covariance": (Covariance(pace=0.0, mean_pre=0.4, mean_post=0.4, **FREE), S_J, 0.2),
    "contrastive": (ContrastiveHebb(**FREE), S_J, 0.0),
}


@pytest.mark.parametrize("name", TABLE)
def test_the_table_in_a_layer(name: str) -> None:
    learning, other, change = TABLE[name]
    layer = Layer(learning, np.array([[0.3]]))
    for i, j in zip(S_I, other, strict=True):
        layer = layer.step([[i]], [[j]])
    assert layer.weight[0, 0] - 0.3 == pytest.approx(change, abs=1e-12)


@pytest.mark.parametrize("name", TABLE)
def test_the_table_in_a_network(name: str) -> None:
    """The same sequences as spikes, on the reference; the engines are compared below."""
    learning, other, change = TABLE[name]
    net = Network(dt=1.0)
    # a spike of the source is seen when it arrives, 1 ms on; the teacher's makes the cell fire at the end of the step
    source = net.population("source", SpikeTimes([t for t, s in enumerate(S_I) if s], [0] * sum(S_I)), 1)
    teacher = net.population("teacher", SpikeTimes([t for t, s in enumerate(other) if s], [0] * sum(other)), 1)
    cell = net.population("cell", LIF(), 1)
    net.project(source, cell, AllToAll(), weight=0.3, delay=1.0, receptor=Exponential(), plasticity=learning, name="learns")
    net.project(teacher, cell, OneToOne(), weight=100.0, receptor=Delta())
    run = net.build("reference").run(5.0)
    assert run["cell"].counts[0] == sum(other)
    assert run.weights("learns")[0, 0] - 0.3 == pytest.approx(change, abs=1e-12)


def crowd(learning: Any, delay: Any = 1.5) -> Network:
    rng = np.random.default_rng(1)
    net = Network(dt=0.5, seed=3)
    pre = net.population("pre", SpikeTimes(0.5 * rng.integers(1, 120, 150), rng.integers(0, 6, 150)), 6)
    post = net.population("post", LIF(t_ref=1.0), 4)
    teacher = net.population("teacher", SpikeTimes(0.5 * rng.integers(1, 120, 80), rng.integers(0, 4, 80)), 4)
    net.project(
        pre, post, AllToAll(), weight=Uniform(0, 1), delay=delay, receptor=Exponential(), plasticity=learning, name="learns"
    )
    net.project(teacher, post, OneToOne(), weight=100.0, receptor=Delta())
    return net


def test_the_engines_see_the_same_steps() -> None:
    """A rule that shows all that a step is: who arrives, who fires, and what was there before."""
    learning = ContrastiveHebb(w_min=None, w_max=None, eta=0.1).replace(eta=0.07)
    judge, *others = (crowd(learning).build(name, **o).run(60.0).synapses("learns") for name, o in (
        ("reference", {}), ("events", {"threads": 1}), ("events", {"threads": 2})))  # fmt: skip
    for found in others:
        for what in ("weight", "was_pre", "was_post"):
            np.testing.assert_allclose(found[what], judge[what], rtol=0, atol=1e-10)


def test_telescopes_and_adds_up() -> None:
    """Contrastive changes sum to the two ends' difference, and are the post, the pre and the Kosko changes together."""
    rng = np.random.default_rng(3)
    x, y = rng.random((12, 5)), rng.random((12, 3))
    rules = (ContrastiveHebb, PostsynapticDifferential, PresynapticDifferential, DifferentialHebb)
    free = {"w_min": None, "w_max": None, "eta": 0.1}
    layers = [Layer(model(**free), np.zeros((5, 3))) for model in rules]
    for one, other in zip(x, y, strict=True):
        layers = [layer.step(one[None], other[None]) for layer in layers]
    contrastive, *parts = (layer.weight for layer in layers)
    np.testing.assert_allclose(contrastive, 0.1 * np.outer(x[-1], y[-1]), atol=1e-12)
    np.testing.assert_allclose(sum(parts), contrastive, atol=1e-12)


def test_oja_finds_the_first_component_and_sanger_the_others() -> None:
    """C = [[3, 1], [1, 2]]: (0.85065081, 0.52573111) of length 1. Inputs whose covariance is C exactly, taken as one batch."""
    root = np.linalg.cholesky(np.array([[3.0, 1.0], [1.0, 2.0]]))
    x = np.sqrt(2.0) * np.array([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]]) @ root.T
    layer = Layer(Oja(eta=0.05), np.array([[0.2], [0.7]]))
    both = np.array([[0.2, 0.5], [0.7, 0.1]])
    for _ in range(600):
        layer = layer.step(x, x @ layer.weight)
        both = sanger(both, x, 0.05)
    np.testing.assert_allclose(layer.weight[:, 0], [0.85065081, 0.52573111], atol=5e-9)
    np.testing.assert_allclose(both[:, 0], [0.85065081, 0.52573111], atol=5e-9)
    np.testing.assert_allclose(np.abs(both[:, 1]), [0.52573111, 0.85065081], atol=5e-9)


def test_bcm_answers_to_one_of_two_patterns() -> None:
    """Two equally likely, linearly independent patterns: responses (2, 0), theta = 2; the answer to none is unstable."""
    patterns = np.array([[1.0, 0.3], [0.2, 1.0]])
    rng = np.random.default_rng(5)
    layer = Layer(BCM(eta=0.005, pace=0.05, theta_0=0.5), np.array([[0.55], [0.45]]))
    seen = []
    for k in rng.integers(0, 2, 12_000):
        x = patterns[k][None]
        layer = layer.step(x, x @ layer.weight)
        seen.append(layer.states["theta"][0, 0])
    answers = np.sort((patterns @ layer.weight)[:, 0])
    assert answers == pytest.approx([0.0, 2.0], abs=0.1)
    assert np.mean(seen[-2000:]) == pytest.approx(2.0, abs=0.15)


def test_a_batch_is_a_mean() -> None:
    rng = np.random.default_rng(2)
    x, y = rng.random((4, 3)), rng.random((4, 2))
    layer = Layer(Hebb(), np.full((3, 2), 0.5))
    alone = [layer.step(a[None], b[None]).weight for a, b in zip(x, y, strict=True)]
    np.testing.assert_allclose(layer.step(x, y).weight, np.mean(alone, axis=0), atol=1e-15)


def local(w, s_pre):
    return w + s_pre


def test_what_a_layer_cannot_do_is_refused() -> None:
    with pytest.raises(ParameterError, match=r"Layer, rule: must be a rule that acts in every step alone, such as Oja\(\)"):
        Layer(PairSTDP(), np.zeros((2, 2)))
    with pytest.raises(ParameterError, match=r"Layer, weight: must be a matrix \[pre, post\] within 0 to 1"):
        Layer(Hebb(), np.full((2, 2), 1.5))
    with pytest.raises(ParameterError, match=r"Layer.step: activities must be \[batch, 2\] and \[batch, 3\]"):
        Layer(Hebb(), np.zeros((2, 3))).step(np.zeros((1, 2)), np.zeros((2, 3)))
    voltage = rule("Voltage", params=[Param("a", 1.0, "", "rate")], on_step=reads_v)
    with pytest.raises(ParameterError, match="Layer, rule: asks for v, which a layer does not have"):
        Layer(voltage(), np.zeros((2, 2)))


def reads_v(w, v, a):
    return w + a * v


def test_activity_is_known_in_steps_alone() -> None:
    with pytest.raises(
        ModelError, match=r"Wrong.on_pre\(\) asks for 's_pre' .* which on_step\(\) alone can know; move it there"
    ):
        rule("Wrong", params=[], on_pre=local)


def test_one_delay_is_asked_for() -> None:
    with pytest.raises(EngineError, match="'learns', Hebb: reads which spikes arrive in a step, and needs one delay"):
        crowd(Hebb(), Uniform(0.5, 3.0)).build("events")
