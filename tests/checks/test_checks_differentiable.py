"""The checks of the differentiable engine: what is wrong in a known way is told, what cannot be checked says why."""

from __future__ import annotations

import builtins
import dataclasses

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from maichong.checks import check_model, differentiable, passed  # noqa: E402
from maichong.engines.autograd import fused, plain  # noqa: E402
from maichong.neurons.lif import LIF  # noqa: E402
from maichong.spec import Param, State, neuron, registry  # noqa: E402

NEURONS = [name for name, model in registry.models().items() if model.kind == "neuron"]


def of_layers(model):
    return {outcome.column: outcome for outcome in check_model(model, ["autograd"]) if outcome.engine != "-"}


def test_the_columns_are_steps_and_gradients_of_both_paths():
    found = of_layers(LIF)
    columns = [f"{check}: autograd {path}" for check in ("agrees", "differentiates") for path in ("plain", "fused")]
    assert list(found) == columns
    assert [outcome.detail for outcome in found.values() if outcome.verdict != "ok"] == []


@pytest.mark.parametrize("name", NEURONS)
def test_the_course_has_cells_on_both_sides_of_the_threshold_and_a_smooth_beginning(name):
    model = registry.find(name)
    course = differentiable._course(model)
    fired = course.spikes.any(axis=0)
    assert fired.any()
    assert not fired.all()
    assert differentiable._smooth(course) > 5
    learned = set(differentiable._learned(model))
    assert {param.name for param in model.params if param.default is not None} - learned == {"t_ref"}


def test_only_neurons_have_them():
    assert [o for o in check_model(registry.find("Exponential"), ["autograd"]) if o.engine != "-"] == []


def test_a_kernel_with_a_wrong_gradient_is_told(monkeypatch):
    backward = fused.Fused.backward

    def wrong(ctx, *gradients):
        found = list(backward(ctx, *gradients))
        found[3] = found[3] * (1 + 1e-4)
        return tuple(found)

    monkeypatch.setattr(fused.Fused, "backward", staticmethod(wrong))
    found = of_layers(LIF)
    assert [name for name, outcome in found.items() if outcome.verdict == "fails"] == ["differentiates: autograd fused"]
    assert "d v / d input of each step" in found["differentiates: autograd fused"].detail


def test_a_surrogate_that_the_kernels_lack_is_told(monkeypatch):
    # where nothing fires both are right: it shows through spikes alone
    spike = plain.Spike

    class Steeper(spike):
        @staticmethod
        def backward(ctx, *gradients):
            return tuple(g if g is None else 1.001 * g for g in spike.backward(ctx, *gradients))

    monkeypatch.setattr(plain, "Spike", Steeper)
    outcome = of_layers(LIF)["differentiates: autograd fused"]
    assert outcome.verdict == "fails"
    assert outcome.detail.startswith("through spikes, d loss / d ")


def test_steps_that_are_not_the_references_are_told(monkeypatch):
    reference = differentiable._reference

    def late(neuron, currents):
        course = reference(neuron, currents)
        return dataclasses.replace(course, spikes=np.roll(course.spikes, 1, axis=0))

    differentiable._course.cache_clear()
    monkeypatch.setattr(differentiable, "_reference", late)
    outcome = of_layers(LIF)["agrees: autograd plain"]
    differentiable._course.cache_clear()
    assert outcome.verdict == "fails"
    assert "spikes differ from the reference's first at" in outcome.detail


def test_without_torch_they_are_skipped_and_say_what_is_missing(monkeypatch):
    importing = builtins.__import__

    def without(name, *given, **others):
        if name == "torch":
            raise ImportError("No module named 'torch'")
        return importing(name, *given, **others)

    monkeypatch.setattr(builtins, "__import__", without)
    found = of_layers(LIF)
    assert {outcome.verdict for outcome in found.values()} == {"unsupported"}
    assert {outcome.detail for outcome in found.values()} == {"skipped: needs maichong[deep]"}
    assert passed(found.values())


def flow(v, tau_m):
    return -v / tau_m


def fires(v, v_th):
    return v - v_th


def reset():
    return 0.0


def test_a_neuron_without_an_input_cannot_be_a_layer():
    model = neuron(
        "NoInput", params=[Param("tau_m", 10.0, "ms", "t", above=0), Param("v_th", 5.0, "mV", "t")],
        states=[State("v", 0.0, "mV", "v", membrane=True)], flow=flow, fires=fires, reset=reset, doc="Nothing.",
    )  # fmt: skip
    found = of_layers(model)
    assert {outcome.detail for outcome in found.values()} == {"a layer needs an input, and the neuron has none"}
