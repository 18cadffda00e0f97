"""The paper's tasks and its agent: the maze against SciPy's shortest path, gymnasium's cart-pole, resuming, and what is refused."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.sparse.csgraph import shortest_path

from maichong.errors import MaichongError, ParameterError
from maichong.zoo import protocol
from maichong.zoo import rl_actor_critic_2013 as paper
from maichong.zoo.protocol import Context, Interrupted
from maichong.zoo.rl_actor_critic_2013 import MAZE, STEPS, Maze, Settings, load, shortest, where


def test_the_shortest_way_is_scipy_s() -> None:
    free = [(r, c) for r, line in enumerate(MAZE) for c, letter in enumerate(line) if letter != "#"]
    number = {at: k for k, at in enumerate(free)}
    graph = np.zeros((len(free), len(free)))
    for (r, c), k in number.items():
        for step in STEPS:
            if (r + step[0], c + step[1]) in number:
                graph[k, number[r + step[0], c + step[1]]] = 1
    far = shortest_path(graph, indices=number[where("S")], unweighted=True)
    assert shortest() == far[number[where("G")]] > 18, "longer than without walls"


def test_the_maze_has_walls_and_an_end() -> None:
    maze = Maze()
    seen, _ = maze.reset(seed=1)
    np.testing.assert_array_equal(seen, [9, 0])
    up, down, left, right = range(4)
    for action in (down, left):
        assert maze.step(action)[1:4] == (0.0, False, False)
        np.testing.assert_array_equal(maze.at, [9, 0])
    maze.step(up)
    np.testing.assert_array_equal(maze.at, [8, 0])
    maze.at = np.array([5, 2])
    np.testing.assert_array_equal(maze.step(right)[0], [5, 2])
    maze.at = np.array([1, 9])
    seen, reward, terminated, truncated, _ = maze.step(up)
    assert (reward, terminated, truncated) == (1.0, True, False)


@pytest.mark.parametrize("name", ["maze", "cartpole"])
def test_place_cells_share_one_rate_and_the_nearest_has_most_of_it(name: str) -> None:
    task = load(name)
    rng = np.random.default_rng(1)
    for _ in range(20):
        k = rng.integers(len(task.centres))
        rates = task.rates(task.centres[k] + 0.1 * task.spacing * rng.uniform(-1, 1, task.spacing.size), 2.5, 0.7)
        assert rates.sum() == pytest.approx(2.5) and rates.argmax() == k
    np.testing.assert_array_equal(
        task.rates(np.full(task.spacing.size, 1e9), 2.5, 0.7), task.rates(task.centres.max(axis=0), 2.5, 0.7)
    )


SMALL = {"maze": {"episodes": 6, "longest": 60, "test": 2}, "cartpole": {"episodes": 6, "longest": 60, "test": 2}}


@pytest.mark.parametrize("name", ["maze", "cartpole"])
def test_it_resumes_to_the_same_bits(name: str, tmp_path: Path) -> None:
    settings, heard = Settings(**paper.preset(name, SMALL[name])), 0

    def stop() -> bool:
        nonlocal heard
        heard += 1
        return heard == 3

    def run(folder: str, **changes: Any) -> Any:
        place = tmp_path / folder
        place.mkdir(exist_ok=True)
        return paper.reproduce(settings, Context(load(name), 1, place, **changes))

    whole = run("whole")
    with pytest.raises(Interrupted):
        run("parts", _stop=stop)
    parts = run("parts")
    assert parts.measured == whole.measured and parts.metrics == whole.metrics
    assert len(parts.metrics["steps"]) == 6 and parts.samples == sum(parts.metrics["steps"])
    with np.load(tmp_path / "whole" / "weights.npz") as one, np.load(tmp_path / "parts" / "weights.npz") as other:
        np.testing.assert_array_equal(one["w"], other["w"])
        assert name == "maze" or np.unique(one["w"]).size > 2, "something was learned"


def test_the_command_s_outcome_and_report(tmp_path: Path) -> None:
    outcome = protocol.reproduce("rl-actor-critic", settings={"longest": 50, "test": 1, "episodes": 2}, out=tmp_path / "out")
    assert outcome["data"] == "maze" and (tmp_path / "out" / "report.html").exists()
    assert {claim["quantity"] for claim in protocol.contract(outcome)["claims"]} == {
        "path over shortest",
        "episodes to near-optimal",
    }
    assert "rl-actor-critic" in protocol.names()


def test_a_reward_is_told_as_the_task_says() -> None:
    assert load("maze").reward(1.0, True) == 1.0
    assert [load("cartpole").reward(1.0, fallen) for fallen in (False, True)] == [0.0, -1.0]


def test_claims_are_judged_where_the_command_is_run_without_settings() -> None:
    for claim in paper.CLAIMS:
        chosen = dataclasses.asdict(protocol.settle(paper, claim.when["data"], {}, smoke=False))
        assert all(chosen[key] == value for key, value in claim.when.items() if key != "data")
    assert protocol.settle(paper, "cartpole", {}, smoke=True).episodes == paper.SMOKE["episodes"]


def test_without_gymnasium_cart_pole_is_refused_and_the_maze_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gymnasium", None)
    with pytest.raises(MaichongError) as caught:
        load("cartpole")
    assert str(caught.value) == "rl-actor-critic, data 'cartpole': needs the package gymnasium; pip install \"maichong[rl]\""
    assert load("maze").actions == 4


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"episodes": 0}, "rl-actor-critic.episodes: must be >= 1 (got 0)"),
        ({"enough": -1.0}, "rl-actor-critic.enough: must be >= 0 (got -1.0)"),
        ({"width": 0.0}, "rl-actor-critic.width: must be > 0 (got 0.0)"),
        ({"gamma": 2.0}, "ActorCritic.gamma: must lie in 0..1 (got 2.0)"),
    ],
)
def test_settings_that_cannot_be(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ParameterError) as caught:
        Settings(**changes)
    assert str(caught.value) == said
