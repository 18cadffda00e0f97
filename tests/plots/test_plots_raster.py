"""The raster shows every spike once, where and when it happened."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.colors import to_hex

from maichong.errors import ParameterError
from maichong.plots import EXCITATION, INHIBITION, INPUT, raster


def points(ax):
    return {line.get_label(): np.column_stack(line.get_data()) for line in ax.get_lines() if line.get_marker() == "|"}


def test_every_spike_is_one_point_with_its_time_and_neuron():
    rng = np.random.default_rng(0)
    times, ids = rng.uniform(0, 100, 1_234), rng.integers(0, 50, 1_234)
    ax = raster(times, ids)
    (drawn,) = points(ax).values()
    assert drawn.shape == (1_234, 2)
    np.testing.assert_array_equal(drawn, np.column_stack([times, ids]))
    assert ax.get_xlabel() == "time (ms)"
    assert ax.get_ylabel() == "neuron (index)"


def test_populations_are_stacked_with_the_colour_of_their_kind():
    times = {"pixels": [1.0, 2.0], "e": [3.0], "inhibitory": [4.0]}
    ids = {"pixels": [0, 9], "e": [2], "inhibitory": [1]}
    sizes = {"pixels": 10, "e": 5, "inhibitory": 5}
    ax = raster(times, ids, sizes=sizes, kinds={"pixels": "input", "e": "excitatory"})
    drawn = points(ax)
    np.testing.assert_array_equal(drawn["pixels"], [[1, 0], [2, 9]])
    np.testing.assert_array_equal(drawn["e"], [[3, 12]])
    np.testing.assert_array_equal(drawn["inhibitory"], [[4, 16]])
    colours = {line.get_label(): to_hex(line.get_color()) for line in ax.get_lines() if line.get_marker() == "|"}
    assert colours == {"pixels": INPUT, "e": EXCITATION, "inhibitory": INHIBITION}
    assert [text.get_text() for text in ax.texts] == ["pixels", "e", "inhibitory"]
    assert ax.get_ylim() == (-0.5, 19.5)


def test_ticks_count_each_population_from_zero():
    ax = raster({"a": [1.0], "b": [1.0]}, {"a": [0], "b": [0]}, sizes={"a": 400, "b": 400})
    for place, label in zip(ax.get_yticks(), ax.get_yticklabels(), strict=True):
        assert int(label.get_text()) == place % 400
    assert {0, 400} <= set(ax.get_yticks())


def test_a_window_keeps_only_what_lies_in_it():
    ax = raster([0.0, 5.0, 10.0, 15.0], [0, 1, 2, 3], window=(5, 10))
    (drawn,) = points(ax).values()
    np.testing.assert_array_equal(drawn, [[5, 1], [10, 2]])
    assert ax.get_xlim() == (5, 10)


def test_a_silent_population_keeps_its_room():
    ax = raster({"e": [1.0], "i": []}, {"e": [0], "i": []}, sizes={"e": 3, "i": 4})
    assert ax.get_ylim() == (-0.5, 6.5)
    assert ax.get_title(loc="left") == "1 spike of 7 neurons"


def test_many_spikes_are_drawn_as_a_bitmap():
    few, many = (raster(np.arange(n, dtype=float), np.zeros(n, int)) for n in (100, 20_000))
    assert not few.get_lines()[0].get_rasterized()
    assert many.get_lines()[0].get_rasterized()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([], []), "raster.times: must hold a spike (got none); did the network fire?"),
        (([1.0, np.nan], [0, 1]), "raster.times: must be finite numbers (got 1 of 2 NaN or infinite)"),
        (([1.0, 2.0], [0]), "raster.ids: must have one index per time, 2 (got 1)"),
        (([1.0], [-1]), "raster.ids: must be whole numbers >= 0 (got -1); ids are indices of neurons"),
        (([1.0], [0.5]), "raster.ids: must be whole numbers >= 0 (got 0.5)"),
        (([[1.0]], [0]), "raster.times: must be an array [n_spikes] (got shape (1, 1))"),
        (
            ({"e": [1.0]}, [0]),
            "raster.times: must be a mapping where ids is one, and the reverse (got dict and list)",
        ),
        (({"e": [1.0]}, {}), "raster.ids: must name each population of times (got no 'e')"),
        (({"e": []}, {"e": []}), "raster.times['e']: must hold a spike (got none); give sizes"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(arguments, message):
    with pytest.raises(ParameterError) as caught:
        raster(*arguments)
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"kinds": "exitatory"}, "did you mean 'excitatory'?"),
        ({"sizes": 2}, "raster.ids: must be below the population's size, 2 (got 3); is sizes right?"),
        ({"window": (5, 5)}, "raster.window: must be (start, stop), the first below the second (got 5, 5)"),
        ({"window": 3}, "give (start, stop)"),
    ],
)
def test_wrong_options_are_named(options, message):
    with pytest.raises(ParameterError) as caught:
        raster([1.0], [3], **options)
    assert message in str(caught.value)


def test_an_unknown_population_is_named():
    with pytest.raises(ParameterError, match="did you mean 'excite'"):
        raster({"excite": [1.0]}, {"excite": [0]}, kinds={"excit": "input"})


def test_silent_everywhere_is_an_error():
    with pytest.raises(ParameterError, match="none in 2 populations"):
        raster({"a": [], "b": []}, {"a": [], "b": []}, sizes=3)
