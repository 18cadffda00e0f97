"""A model with values: inert, comparable, hashable, printable, and the same after a trip through plain data."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from scipy.stats import ks_2samp, kstest

from maichong import LIF, AdaptiveLIF, Exponential, Izhikevich, LogNormal, Normal, PairSTDP, Poisson, Steps, Uniform
from maichong.errors import ParameterError
from maichong.spec import Configured, Model
from maichong.spec.model import configure
from maichong.spec.registry import models

ALL = pytest.mark.parametrize("model", models().values(), ids=lambda model: model.name)


def changed(model: Model) -> list[Configured]:
    """The model in several ways: as declared, with every number moved, with arrays, with distributions, with other options."""
    numbers, arrays, spread = {}, {}, {}
    for param in model.params:
        if param.default is None:
            continue
        value = param.default * 1.25 if param.default else 0.25
        numbers[param.name] = value
        if getattr(model, "copy", None):  # its neurons share one train, whose parameters may change in time
            arrays[param.name] = Steps([0.0, 1.0], [value, value * 1.5])
            spread[param.name] = Steps([0.0], [value * 1.5])
        elif not param.static:
            arrays[param.name] = np.array([value, value * 1.5])
            spread[param.name] = Uniform(*sorted((value, value * 1.5)))
    last = {option.name: option.choices[-1] for option in model.options}
    return [model(), model(**numbers), model(**arrays), model(**spread), model(**last), model(**numbers, **last)]


@ALL
def test_equality_is_by_value(model: Model) -> None:
    first, second = changed(model), changed(model)
    for a, b in zip(first, second, strict=True):
        assert a == b
        assert hash(a) == hash(b)
    different = [a for k, a in enumerate(first) if a not in first[:k]]
    shapes = 1 + 3 * any(param.default is not None for param in model.params) + 2 * bool(model.options)
    assert len(different) == max(1, shapes - (1 if shapes == 3 else 0))


def test_equality_looks_at_every_entry() -> None:
    assert LIF(tau_m=[1, 2]) == LIF(tau_m=np.array([1.0, 2.0]))
    assert LIF(tau_m=[1, 2]) != LIF(tau_m=[1, 3])
    assert LIF(tau_m=[1, 2]) != LIF(tau_m=[1, 2, 3])
    assert LIF(tau_m=[2, 2]) != LIF(tau_m=2.0)
    assert LIF(tau_m=2.0) != LIF(tau_m=[2, 2])
    assert LIF() != AdaptiveLIF()
    assert LIF() != "LIF()"
    assert LIF() != LIF
    assert LIF(tau_m=Uniform(1, 2)) != LIF(tau_m=Uniform(1, 3))
    assert LIF(reset="soft") != LIF()
    assert Exponential(e_rev=0.0) != Exponential()


def test_configured_models_serve_as_keys() -> None:
    table = {LIF(tau_m=20.0): "a", LIF(tau_m=[1, 2]): "b", LIF(tau_m=30.0): "c", PairSTDP(): "d"}
    assert len(table) == 4
    assert [table[key] for key in (LIF(tau_m="20 ms"), LIF(tau_m=[1.0, 2.0]), LIF(tau_m=30), PairSTDP())] == list("abcd")


def test_a_configured_model_cannot_be_changed() -> None:
    cell = LIF(tau_m=20.0)
    with pytest.raises(AttributeError):
        cell.model = AdaptiveLIF  # type: ignore[misc]
    other = cell.replace(tau_m=30.0)
    assert (cell["tau_m"], other["tau_m"]) == (20.0, 30.0)


def test_replace_keeps_the_rest_and_checks() -> None:
    cell = LIF(tau_m=20.0, v_th=-50.0, reset="soft")
    assert cell.replace(v_th="-45 mV") == LIF(tau_m=20.0, v_th=-45.0, reset="soft")
    assert cell.replace() == cell
    assert cell.replace(reset="hard") == LIF(tau_m=20.0, v_th=-50.0)
    with pytest.raises(ParameterError, match=r"^LIF\.tau_m: must be > 0 ms \(got -1\.0\)$"):
        cell.replace(tau_m=-1)
    with pytest.raises(ParameterError, match=r"^LIF: has no parameter 'taum'; did you mean 'tau_m'\?$"):
        cell.replace(taum=1)


def test_values_and_options_are_read_by_name() -> None:
    cell = LIF(tau_m=20.0, reset="soft")
    assert (cell["tau_m"], cell["reset"], cell["t_ref"]) == (20.0, "soft", 0.0)
    with pytest.raises(ParameterError, match=r"^LIF: has no parameter 'vth'; did you mean 'v_th'\?$"):
        cell["vth"]


@ALL
def test_the_repr_is_what_makes_it_again(model: Model) -> None:
    for configured in changed(model):
        if not any(isinstance(value, (np.ndarray, Uniform)) for value in configured.values.values()):
            assert eval(repr(configured), {model.name: model, "Steps": Steps}) == configured


def test_the_repr_shows_a_distribution_as_it_was_written() -> None:
    assert repr(LIF(tau_m=Uniform(5, 20))) == "LIF(tau_m=Uniform(low=5.0, high=20.0))"


def test_the_repr_shows_what_differs_from_the_default() -> None:
    assert repr(LIF()) == "LIF()"
    assert repr(LIF(tau_m=20, v_th="-50 mV", reset="soft")) == "LIF(tau_m=20.0, v_th=-50.0, reset='soft')"
    assert repr(LIF(tau_m=10.0)) == "LIF()"
    assert repr(Izhikevich(a=np.linspace(0.02, 0.1, 800))) == "Izhikevich(a=<array of 800>)"


@ALL
def test_plain_data_and_back(model: Model) -> None:
    for configured in changed(model):
        data = configured.to_dict()
        assert data["model"] == model.name
        assert configure(model, data) == configured
        as_json = json.loads(json.dumps(data, default=np.ndarray.tolist))
        assert configure(model, as_json) == configured


def test_plain_data_hold_what_differs_from_the_default() -> None:
    assert LIF().to_dict() == {"model": "LIF"}
    assert PairSTDP(pairing="nearest", w_max=2).to_dict() == {"model": "PairSTDP", "w_max": 2.0, "pairing": "nearest"}
    assert Exponential(e_rev=0).to_dict() == {"model": "Exponential", "e_rev": 0.0}
    assert Poisson(rate=Uniform(1, 2)).to_dict() == {
        "model": "Poisson",
        "rate": {"distribution": "uniform", "low": 1.0, "high": 2.0},
    }


@pytest.mark.parametrize(
    "spread",
    [Uniform(1.0, 2.0), Normal(10.0, 1.0, low=5.0), Normal(10.0, 1.0, 5.0, 15.0), LogNormal(1, 2), LogNormal(1, 2, 1, 9)],
)
def test_a_distribution_survives_json(spread: Any) -> None:
    data = json.loads(json.dumps(LIF(tau_m=spread).to_dict(), allow_nan=False))
    assert configure(LIF, data) == LIF(tau_m=spread)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"model": "LIF", "taum": 3}, "LIF: has no parameter 'taum'; did you mean 'tau_m'?"),
        ({"model": "LIF", "tau_m": -3}, "LIF.tau_m: must be > 0 ms (got -3.0)"),
        (
            {"model": "LIF", "tau_m": {"distribution": "gauss", "mean": 3}},
            "distribution: must be a known kind (got 'gauss'); known: distance_kernel, lognormal, normal, uniform",
        ),
        (
            {"model": "LIF", "tau_m": {"distribution": "uniform", "low": "a"}},
            "Uniform.low: must be a number (got 'a')",
        ),
    ],
)
def test_damaged_data_are_named(data: dict[str, Any], message: str) -> None:
    with pytest.raises(ParameterError) as caught:
        configure(LIF, data)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Uniform(2.0, 1.0), "Uniform: low must be <= high, both finite (got 2.0, 1.0)"),
        (lambda: Uniform(0.0, np.inf), "Uniform: low must be <= high, both finite (got 0.0, inf)"),
        (lambda: Uniform("a", 1.0), "Uniform.low: must be a number (got 'a')"),
        (lambda: Uniform(0.0, True), "Uniform.high: must be a number (got True)"),
        (lambda: Uniform(np.nan, 1.0), "Uniform.low: must not be NaN"),
        (lambda: Normal(0.0, -1.0), "Normal: mean must be finite and sd >= 0 (got 0.0, -1.0)"),
        (
            lambda: Normal(0.0, 1.0, low=1.0),
            "Normal: low <= mean <= high must hold, so that redrawing ends (got 1.0, 0.0, inf)",
        ),
        (lambda: LogNormal(0.0, -1.0), "LogNormal: mu must be finite and sigma >= 0 (got 0.0, -1.0)"),
        (
            lambda: LogNormal(0.0, 1.0, high=0.5),
            "LogNormal: low <= exp(mu) <= high must hold, so that redrawing ends (got 0.0, 1.0, 0.5)",
        ),
        (
            lambda: LogNormal(0.0, 1.0, 1.0, 1.001),
            "LogNormal: low and high must let at least 1% of the draws pass, so that redrawing ends "
            "(got 1.0, 1.001 for sigma = 1.0); use Uniform(low, high): in so narrow a window it is the same",
        ),
        (lambda: LogNormal(np.inf, 1.0), "LogNormal: mu must be finite and sigma >= 0 (got inf, 1.0)"),
    ],
)
def test_distributions_that_cannot_be(make: Any, message: str) -> None:
    with pytest.raises(ParameterError) as caught:
        make()
    assert str(caught.value) == message


def test_a_truncated_normal_without_room() -> None:
    with pytest.raises(ParameterError, match="Normal"):
        Normal(0.0, 1.0, low=0.0, high=0.0)


@pytest.mark.parametrize(
    "spread",
    [
        Uniform(2.0, 5.0),
        Normal(1.0, 2.0),
        Normal(0.0, 1.0, low=0.0),
        Normal(1.0, 0.5, 0.9, 1.2),
        LogNormal(0.5, 0.3),
        LogNormal(0.5, 0.3, low=1.5),
        LogNormal(0.5, 1.0, 0.5, 3.0),
    ],
    ids=repr,
)
def test_draws_follow_the_distribution_function(spread: Any) -> None:
    assert kstest(spread.draw(np.random.default_rng(7), 5000), spread.cdf).pvalue > 1e-3


@pytest.mark.parametrize(
    "spread", [Uniform(3.0, 3.0), Normal(3.0, 0.0), Normal(3.0, 0.0, 3.0, 3.0), LogNormal(np.log(3.0), 0.0)]
)
def test_the_distribution_function_of_one_number_is_a_step(spread: Any) -> None:
    assert spread.cdf(np.array([-np.inf, 2.9, 3.1, np.inf])).tolist() == [0.0, 0.0, 1.0, 1.0]


@pytest.mark.parametrize("window", [(-0.001, 0.001), (0.0, 1e-300), (-0.01, 0.01)])
def test_a_window_too_narrow_for_redrawing_is_sent_to_the_uniform(window: Any) -> None:
    with pytest.raises(ParameterError, match=r"use Uniform\(low, high\)"):
        Normal(0.0, 1.0, *window)
    assert Normal(0.0, 1.0, -0.02, 0.02).draw(np.random.default_rng(0), 100_000).size == 100_000


def test_a_truncated_log_normal_is_what_is_left_of_the_whole_one() -> None:
    whole, cut = LogNormal(0.5, 1.0), LogNormal(0.5, 1.0, low=0.5, high=3.0)
    assert cut.bounds() == (0.5, 3.0)
    values = whole.draw(np.random.default_rng(1), 20_000)
    left = values[(values >= 0.5) & (values <= 3.0)]
    drawn = cut.draw(np.random.default_rng(2), 20_000)
    assert 0.5 <= drawn.min() <= drawn.max() <= 3.0
    assert ks_2samp(left, drawn).pvalue > 1e-3
    assert LogNormal(np.log(3.0), 0.0, high=float(np.exp(np.log(3.0)))).draw(np.random.default_rng(0), 2) == pytest.approx(3.0)


def test_draws_keep_the_bounds_and_the_moments() -> None:
    n = 20_000
    rng = np.random.default_rng(1)
    uniform, normal = Uniform(2.0, 5.0).draw(rng, n), Normal(1.0, 2.0).draw(rng, n)
    assert (uniform.min() >= 2.0) and (uniform.max() < 5.0)
    assert uniform.mean() == pytest.approx(3.5, abs=5 * np.sqrt(9 / 12 / n))
    assert normal.mean() == pytest.approx(1.0, abs=5 * 2.0 / np.sqrt(n))
    assert normal.std() == pytest.approx(2.0, abs=5 * 2.0 / np.sqrt(2 * n))
    half = Normal(0.0, 1.0, low=0.0).draw(rng, n)
    assert half.min() >= 0.0
    assert half.mean() == pytest.approx(np.sqrt(2 / np.pi), abs=5 * np.sqrt((1 - 2 / np.pi) / n))
    logs = np.log(LogNormal(0.5, 0.3).draw(rng, n))
    assert logs.mean() == pytest.approx(0.5, abs=5 * 0.3 / np.sqrt(n))
    assert Normal(3.0, 0.0).draw(rng, 3).tolist() == [3.0, 3.0, 3.0]
