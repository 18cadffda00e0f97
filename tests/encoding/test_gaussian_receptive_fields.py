"""Gaussian receptive fields against equations.md 4, which has centres, widths, activations, latencies and what decodes of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from maichong.encoding import SpikeTrains
from maichong.encoding.gaussian_receptive_fields import GaussianReceptiveFields
from maichong.errors import ParameterError


def test_the_numbers_of_the_specification() -> None:
    fields = GaussianReceptiveFields(m=8)
    centres = [-0.08333, 0.08333, 0.25, 0.41667, 0.58333, 0.75, 0.91667, 1.08333]
    assert fields.centres == pytest.approx(centres, abs=5e-6)
    assert fields.sigma == pytest.approx(0.11111, abs=2e-6)
    assert fields.activations([[0.3]])[0, 0, 1:4] == pytest.approx([0.14938, 0.90371, 0.57623], abs=5e-6)
    latencies = [np.inf, 9.0, 1.0, 4.0, np.inf, np.inf, np.inf, np.inf]
    assert fields.latencies([[0.3]])[0, 0].tolist() == fields.encode([[0.3]]).first()[0, 0].tolist() == latencies


def test_exact_latencies_decode_to_the_value() -> None:
    fields = GaussianReceptiveFields(m=8, rounded=False, threshold=0.0)
    decoded = fields.decode(fields.encode([[0.3], [0.5], [0.77]]))[:, 0]
    assert decoded == pytest.approx([0.29986, 0.5, 0.76988], abs=5.1e-6)


def test_features_have_bounds_of_their_own() -> None:
    fields = GaussianReceptiveFields(m=6, low=[0.0, -2.0], high=[1.0, 2.0], rounded=False, threshold=0.0)
    x = np.array([[0.25, -1.0], [0.6, 0.4]])  # the second feature is the first, stretched
    times = fields.latencies(x)
    assert times.shape == (2, 2, 6)
    assert times[:, 0] == pytest.approx(times[:, 1], abs=1e-12)
    assert fields.decode(fields.encode(x)) == pytest.approx(x, abs=0.02)


def test_silence_decodes_to_nothing() -> None:
    fields = GaussianReceptiveFields()
    assert not len(fields.encode([[9.0]]))
    assert np.isnan(fields.decode(fields.encode([[9.0]]))).all()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: GaussianReceptiveFields(m=2), "GaussianReceptiveFields.m: must be a whole number >= 3 (got 2)"),
        (lambda: GaussianReceptiveFields(beta=0), "GaussianReceptiveFields.beta: must be > 0 (got 0.0)"),
        (
            lambda: GaussianReceptiveFields(threshold=1.0),
            "GaussianReceptiveFields.threshold: must be from 0 to below 1 (got 1)",
        ),
        (
            lambda: GaussianReceptiveFields(low=[0.0, 1.0], high=1.0),
            "GaussianReceptiveFields.high: must be above low (got 1.0); leave out features that never change",
        ),
        (
            lambda: GaussianReceptiveFields(low=[0.0, 0.0], high=[1.0, 1.0, 1.0]),
            "GaussianReceptiveFields.high: must be as many as low, 2 (got 3)",
        ),
        (
            lambda: GaussianReceptiveFields(low="a"),
            "GaussianReceptiveFields.low: must be a finite number, or one for each feature (got 'a')",
        ),
        (
            lambda: GaussianReceptiveFields().encode("a"),
            "GaussianReceptiveFields.encode: must get an array of numbers (got 'a')",
        ),
        (
            lambda: GaussianReceptiveFields().encode([[np.nan]]),
            "GaussianReceptiveFields.encode: must get finite values (got NaN or infinity); leave out or fill in what is missing",
        ),
        (
            lambda: GaussianReceptiveFields(low=[0.0, 0.0]).encode([[1.0]]),
            "GaussianReceptiveFields.encode: must get 2 features, as low and high have (got shape (1, 1))",
        ),
        (
            lambda: GaussianReceptiveFields().decode(SpikeTrains.of_latencies([[1.0] * 7], 20)),
            "GaussianReceptiveFields.decode: must get trains [..., 8] (got shape (1, 7))",
        ),
    ],
)
def test_what_is_no_code(make: Any, message: str) -> None:
    with pytest.raises(ParameterError) as caught:
        make()
    assert str(caught.value) == message
