"""The comparison of engines: engines that are wrong in known ways, engines that cannot, engines that lack a package."""

from __future__ import annotations

import sys
import types

import numpy as np
import pytest

from maichong.checks import check_all, check_model, convergence, passed
from maichong.checks.agreement import play
from maichong.checks.networks import scenes
from maichong.checks.outcome import Variant
from maichong.checks.suite import VARIANTS
from maichong.engines import ENGINES
from maichong.engines.reference import Reference
from maichong.errors import EngineError
from maichong.neurons.izhikevich import Izhikevich
from maichong.neurons.lif import LIF
from maichong.plasticity.micro.pair_stdp import PairSTDP
from maichong.spec import Input, Param, State, neuron, registry


class Other(Reference):
    """An engine that is the reference but for what a test changes."""

    name = "other"


@pytest.fixture
def engine(monkeypatch):
    module = types.ModuleType("an_engine_of_a_test")
    made = type("Made", (Other,), {})
    module.Made = made
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setitem(ENGINES, "other", (module.__name__, "Made"))
    return made


def agreement(model, engines=("other",)):
    return next(outcome for outcome in check_model(model, engines) if outcome.check == "agrees")


def test_an_engine_that_does_the_same_agrees(engine):
    assert agreement(LIF).verdict == "ok"
    assert agreement(PairSTDP).verdict == "ok"


def test_a_state_that_is_off_by_a_part_in_a_million_is_told(engine):
    engine.get_state = lambda self, index, name: Reference.get_state(self, index, name) * (1 + 1e-6 * (self.step > 0))
    outcome = agreement(LIF)
    assert outcome.verdict == "fails"
    assert "neuron: v of 'equal' at 50 ms" in outcome.detail
    assert "20 of 20 differ by more than 1e-09" in outcome.detail


def test_a_spike_that_is_late_by_a_step_is_told(engine):
    def late(self, index):
        return [(stamps + 1, ids) for stamps, ids in Reference.records(self, index)]

    engine.records = late
    outcome = agreement(LIF)
    assert outcome.verdict == "fails"
    assert "spikes of 'equal'" in outcome.detail
    assert "the first difference at" in outcome.detail


def test_weights_that_learn_on_where_learning_is_off_are_told(engine):
    engine.learning = property(lambda self: True, lambda self, value: None)
    outcome = agreement(PairSTDP)
    assert outcome.verdict == "fails"
    assert "at 100 ms" in outcome.detail


def test_single_precision_may_round_but_not_lose_spikes(engine, monkeypatch):
    monkeypatch.setitem(VARIANTS, "other", (Variant("other", "other", loose=True),))
    engine.get_state = lambda self, index, name: Reference.get_state(self, index, name) * (1 + 1e-5)
    assert agreement(LIF).verdict == "ok"
    engine.counts = lambda self, index: Reference.counts(self, index) // 2
    outcome = agreement(LIF)
    assert outcome.verdict == "fails"
    assert "fired" in outcome.detail


def test_what_an_engine_cannot_is_no_failure_of_the_model(engine):
    def refuse(self, plan):
        raise EngineError("population 'cells'", "conductances are not for this engine")

    engine.__init__ = refuse
    outcomes = check_model(LIF, ["other"])
    assert [o.detail for o in outcomes if o.verdict == "unsupported"] == [
        "population 'cells': conductances are not for this engine"
    ]
    assert passed(outcomes)


def test_an_engine_whose_package_is_missing_is_unsupported(monkeypatch):
    monkeypatch.setitem(ENGINES, "other", ("a_package_that_nobody_has", "Engine"))
    outcome = agreement(LIF)
    assert outcome.verdict == "unsupported"
    assert "a_package_that_nobody_has" in outcome.detail


@pytest.mark.parametrize("call", [lambda: check_model(LIF, ["evnts"]), lambda: check_all(["LIF", "Delta"], ["evnts"])])
def test_an_unknown_engine_is_refused(call):
    with pytest.raises(EngineError, match="there is no engine 'evnts'; did you mean 'events'"):
        call()


def flow(v, x, i, tau_m, c_m, v_rest):
    return (v_rest - v * (1 + 0.2 * x)) / tau_m + i / c_m, 0 * x


def fires(v, v_th):
    return v - v_th


def reset(v_rest, x):
    return v_rest, 3.99 * x * (1 - x)


CHAOTIC = neuron(
    "Chaotic",
    params=[
        Param("tau_m", 2.0, "ms", "t"), Param("c_m", 100.0, "pF", "c"),
        Param("v_rest", 0.0, "mV", "r"), Param("v_th", 5.0, "mV", "t"),
    ],
    states=[State("v", "v_rest", "mV", "v", membrane=True), State("x", 0.3, "", "the logistic map, once a spike")],
    inputs=[Input("i", "pA", "current")], flow=flow, fires=fires, reset=reset,
)  # fmt: skip


@pytest.mark.parametrize(("model", "nudge"), [(LIF, 1e-13), (CHAOTIC, 1e-13)])
def test_what_rounding_decides_is_not_asked_of_an_engine(engine, model, nudge):
    # an error doubles at each spike of the chaotic neuron; the leaky one forgets it
    def rounded(self, plan):
        Reference.__init__(self, plan)
        for index, population in enumerate(plan.populations):
            for name in population.start or ():
                self.set_state(index, name, self.get_state(index, name) * (1 + nudge))

    engine.__init__ = rounded
    assert agreement(model).verdict == "ok"


def test_what_is_no_rounding_is_told_in_a_chaotic_neuron_too(engine):
    def other(self, plan):
        Reference.__init__(self, plan)
        self.set_drive(0, "i", 2 * plan.populations[0].drive["i"])

    engine.__init__ = other
    assert "fired" in agreement(CHAOTIC).detail


def test_an_exact_step_must_be_exact(monkeypatch):
    run = convergence._run
    monkeypatch.setattr(convergence, "_run", lambda *given: {name: values * (1 + 1e-7) for name, values in run(*given).items()})
    (outcome,) = [o for o in check_model(LIF, []) if o.check == "converges"]
    assert "its linear flow is stepped exactly, but is off by" in outcome.detail


def test_a_method_must_converge_with_its_order(monkeypatch):
    run = convergence._run

    def of_first_order(model, dt, duration):
        return {name: values * (1 + 1e-3 * dt) for name, values in run(model, dt, duration).items()}

    monkeypatch.setattr(convergence, "_run", of_first_order)
    (outcome,) = [o for o in check_model(Izhikevich, []) if o.check == "converges"]
    assert "stepped by rk4 it converges with order 1.00 instead of 4" in outcome.detail


@pytest.mark.parametrize("name", [name for name, model in registry.models().items() if model.kind in ("neuron", "rule")])
def test_the_scenes_exercise_what_they_should(name):
    model = registry.find(name)
    with np.errstate(all="ignore"):
        found = scenes(model)
    for scene in found:
        with np.errstate(all="ignore"):
            played = play(scene, Variant("reference", "reference"))
        last = played.seen[-1]
        cells = "equal" if model.kind == "neuron" else "post"
        assert last.counts[cells].sum() > 0
        if model.kind == "neuron":  # both sides of the threshold
            assert (last.counts[cells] == 0).any()
        else:
            first = played.seen[0]
            changed = [np.abs(last.weights["plastic"] - first.weights["plastic"]).max()]
            changed += [np.abs(values - first.kept[which]).max() for which, values in last.kept.items()]
            assert max(changed) > 0
