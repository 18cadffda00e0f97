"""What every paper shares: claims and verdicts, settings from text, seeds, folders, resuming; on a paper made up for it."""

from __future__ import annotations

import json
import signal
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from maichong import files
from maichong.errors import CheckpointError, MaichongError, ParameterError
from maichong.zoo import protocol
from maichong.zoo.protocol import Claim, Context, Interrupted, Result


@pytest.mark.parametrize(
    ("paper", "tolerance", "better", "ours", "verdict"),
    [
        (90.0, 2.0, "higher", [90.0], "holds"),
        (90.0, 2.0, "higher", [99.0], "holds"),
        (90.0, 2.0, "higher", [88.0], "holds"),
        (90.0, 2.0, "higher", [87.99], "fails"),
        (90.0, 2.0, "higher", [86.0, 90.0], "holds"),
        (90.0, 2.0, "higher", [85.0, 90.0], "fails"),
        (90.0, 2.0, "near", [90.0], "holds"),
        (90.0, 2.0, "near", [92.0], "holds"),
        (90.0, 2.0, "near", [92.01], "fails"),
        (90.0, 2.0, "near", [87.99], "fails"),
        (90.0, 2.0, "near", [80.0, 100.0], "holds"),
        (90.0, 0.0, "higher", [90.0], "holds"),
        (90.0, 2.0, "higher", [float("nan")], "fails"),
        (90.0, 2.0, "near", [float("nan"), 90.0], "fails"),
    ],
)
def test_a_claim_s_verdict_is_on_the_mean(paper: float, tolerance: float, better: str, ours: list[float], verdict: str) -> None:
    assert Claim("accuracy", paper, tolerance, better=better).verdict(ours) == verdict


@dataclass(frozen=True)
class Settings:
    """The command line of a paper that nobody wrote."""

    neurons: int = 10
    rate: float = 1.5
    rule: str = "hebb"
    noisy: bool = False

    def __post_init__(self) -> None:
        if self.neurons < 1:
            raise ParameterError("made-up-1999.neurons", "must be >= 1", self.neurons)


@dataclass
class Paper:
    """A paper that counts to its number of neurons, saves on Ctrl-C, and finds 80 + seed per cent."""

    seen: list[tuple[int, int]] = field(default_factory=list)
    interrupt_at: tuple[int, int] | None = None

    def reproduce(self, settings: Settings, context: Context) -> Result:
        begin = json.loads(context.checkpoint.read_text())["done"] if context.checkpoint.exists() else 0
        for k in range(begin, settings.neurons):
            self.seen.append((context.seed, k))
            if self.interrupt_at == (context.seed, k):
                signal.raise_signal(signal.SIGINT)
            context.tell(stage="count", done=k + 1, total=settings.neurons)
            if context.stopping:
                files.write_json(context.checkpoint, {"done": k + 1})
                raise context.interrupted()
        files.write_json(context.checkpoint, {"done": settings.neurons})
        return Result({"accuracy": 80.0 + context.seed}, settings.neurons, 2.0, {"names": [1, 2]})


@pytest.fixture
def paper(monkeypatch: pytest.MonkeyPatch) -> Paper:
    made_up = Paper()
    module = SimpleNamespace(
        NAME="made-up-1999", TITLE="Counting (Nobody 1999)", __doc__="A paper.\n\nLonger.", Settings=Settings,
        DATA={"digits": {"neurons": 5}, "mnist": {}}, SMOKE={"neurons": 3, "rate": 9.0}, reproduce=made_up.reproduce,
        preset=lambda data, given: {**module.DATA[data], **given},
        CLAIMS=(
            Claim("accuracy", 82.0, 1.0, {"data": "digits"}),
            Claim("accuracy", 99.0, 1.0, {"data": "digits", "rule": "hebb"}, better="near", note="never"),
            Claim("accuracy", 10.0, 1.0, {"data": "mnist"}),
            Claim("accuracy", 10.0, 1.0, {"neurons": 77}),
        ),
    )  # fmt: skip
    monkeypatch.setattr(protocol, "_modules", lambda: iter([module]))
    return made_up


def said(call: Any) -> str:
    with pytest.raises(MaichongError) as caught:
        call()
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.usefixtures("paper")
def test_settings_come_from_the_paper_the_data_the_smoke_and_the_user_in_this_order() -> None:
    module = protocol.find("made_up_1999")
    assert protocol.settle(module, "mnist", {}, False) == Settings()
    assert protocol.settle(module, "digits", {}, False) == Settings(neurons=5)
    assert protocol.settle(module, "digits", {}, True) == Settings(neurons=3, rate=9.0)
    given = {"neurons": "7", "rate": "2", "rule": "oja", "noisy": "True"}
    assert protocol.settle(module, "digits", given, True) == Settings(7, 2.0, "oja", True)
    assert protocol.settle(module, "mnist", {"neurons": 7, "rate": 2, "noisy": True}, False) == Settings(7, 2.0, "hebb", True)


@pytest.mark.usefixtures("paper")
@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"neurons": "x"}, "made-up-1999.neurons: must be a whole number (got 'x')"),
        ({"neurons": "1e3"}, "made-up-1999.neurons: must be a whole number (got '1e3')"),
        ({"rate": "fast"}, "made-up-1999.rate: must be a number (got 'fast')"),
        ({"noisy": "yes"}, "made-up-1999.noisy: must be true or false (got 'yes')"),
        ({"Neurons": "3"}, "made-up-1999, --set: has no setting 'Neurons'; did you mean 'neurons'?"),
        ({"neurons": "0"}, "made-up-1999.neurons: must be >= 1 (got 0)"),
        ({"neurons": 3.0}, "made-up-1999.neurons: must be a whole number (got 3.0)"),
        ({"neurons": True}, "made-up-1999.neurons: must be a whole number (got True)"),
        ({"rate": None}, "made-up-1999.rate: must be a number (got None)"),
        ({"rate": "1e999"}, "made-up-1999.rate: must be finite (got inf)"),
        ({"rate": float("nan")}, "made-up-1999.rate: must be finite (got nan)"),
        ({"noisy": 1}, "made-up-1999.noisy: must be true or false (got 1)"),
        ({"rule": 5}, "made-up-1999.rule: must be text (got 5)"),
    ],
)
def test_settings_that_are_none(given: dict[str, str], message: str) -> None:
    module = protocol.find("made-up-1999")
    assert said(lambda: protocol.settle(module, "mnist", given, False)) == message


@pytest.mark.usefixtures("paper")
def test_names_and_finding() -> None:
    assert protocol.names() == ["made-up-1999"]
    assert protocol.find("MADE_UP-1999").NAME == "made-up-1999"
    assert said(lambda: protocol.find("made-up-2000")) == (
        "reproduce: there is no paper called 'made-up-2000'; did you mean 'made-up-1999'?"
    )


def test_every_seed_runs_in_a_folder_of_its_own_and_the_claims_that_apply_are_judged(paper: Paper, tmp_path: Path) -> None:
    told: list[Any] = []
    outcome = protocol.reproduce(
        "made-up-1999", seeds=2, out=tmp_path, command="by hand", tell=lambda **facts: told.append(facts)
    )
    assert paper.seen == [(seed, k) for seed in (1, 2) for k in range(5)]
    assert told[0] == {"stage": "count", "done": 1, "total": 5}
    assert outcome["seeds"] == [1, 2]
    assert outcome["data"] == "digits"
    assert outcome["measured"] == {"accuracy": [81.0, 82.0]}
    assert outcome["train_samples_per_s"] == pytest.approx(10 / 4.0)
    assert [(c["paper"], c["ours"], c["tolerance"], c["verdict"], c["note"]) for c in outcome["claims"]] == [
        (82.0, [81.0, 82.0], 1.0, "holds", ""),
        (99.0, [81.0, 82.0], 1.0, "fails", "never"),
    ]
    assert json.loads((tmp_path / "result.json").read_text())["command"] == "by hand"
    assert json.loads((tmp_path / "seed-2" / "metrics.json").read_text()) == {"accuracy": 82.0, "names": [1, 2]}
    assert (tmp_path / "report.html").read_text().count("Counting (Nobody 1999)") >= 1


def test_a_new_run_begins_anew_and_a_resumed_one_does_not(paper: Paper, tmp_path: Path) -> None:
    protocol.reproduce("made-up-1999", out=tmp_path)
    paper.seen.clear()
    protocol.reproduce("made-up-1999", out=tmp_path)
    assert len(paper.seen) == 5
    paper.seen.clear()
    outcome = protocol.reproduce("made-up-1999", resume=tmp_path)
    assert paper.seen == []
    assert outcome["measured"] == {"accuracy": [81.0]}


@pytest.mark.parametrize("at", [(1, 0), (1, 3), (2, 2)])
def test_control_c_saves_and_resume_carries_on_where_it_stood(paper: Paper, at: tuple[int, int], tmp_path: Path) -> None:
    paper.interrupt_at = at
    with pytest.raises(Interrupted) as caught:
        protocol.reproduce("made-up-1999", seeds=2, out=tmp_path)
    assert caught.value.folder == tmp_path
    assert isinstance(caught.value, KeyboardInterrupt)
    assert not (tmp_path / "result.json").exists()
    paper.interrupt_at = None
    outcome = protocol.reproduce("made-up-1999", resume=tmp_path)
    assert paper.seen == [(seed, k) for seed in (1, 2) for k in range(5)], "each step once, in order"
    assert outcome["measured"] == {"accuracy": [81.0, 82.0]}
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_control_c_twice_stops_at_once_and_resume_carries_on_all_the_same(
    paper: Paper, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def deaf(settings: Settings, context: Context) -> Result:
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
        raise AssertionError("went on")

    with monkeypatch.context() as patch:
        patch.setattr(protocol.find("made-up-1999"), "reproduce", deaf)
        with pytest.raises(Interrupted) as caught:
            protocol.reproduce("made-up-1999", out=tmp_path)
    assert caught.value.folder == tmp_path
    assert protocol.reproduce("made-up-1999", resume=tmp_path)["measured"] == {"accuracy": [81.0]}


def test_an_unfinished_run_is_not_begun_anew(paper: Paper, tmp_path: Path) -> None:
    paper.interrupt_at = (1, 2)
    with pytest.raises(Interrupted):
        protocol.reproduce("made-up-1999", out=tmp_path)
    before = (tmp_path / "seed-1" / "checkpoint.npz").read_bytes()
    assert "must not hold an unfinished run" in said(lambda: protocol.reproduce("made-up-1999", out=tmp_path))
    assert (tmp_path / "seed-1" / "checkpoint.npz").read_bytes() == before


def test_a_finished_run_is_unfinished_again_once_it_is_begun_anew(paper: Paper, tmp_path: Path) -> None:
    protocol.reproduce("made-up-1999", out=tmp_path)
    paper.interrupt_at = (1, 2)
    told: list[Any] = []
    with pytest.raises(Interrupted):
        protocol.reproduce("made-up-1999", out=tmp_path, tell=lambda **facts: told.append(facts))
    assert told[0] == {"note": f"replacing the finished run in {tmp_path}"}
    assert not (tmp_path / "result.json").exists()
    assert not (tmp_path / "report.html").exists()


@pytest.mark.usefixtures("paper")
def test_the_contract_is_a_part_of_the_outcome(tmp_path: Path) -> None:
    outcome = protocol.reproduce("made-up-1999", out=tmp_path)
    kept = protocol.contract(outcome)
    assert tuple(kept) == protocol.CONTRACT
    assert [tuple(claim) for claim in kept["claims"]] == [protocol.JUDGED] * 2
    assert kept["claims"][0] == {"quantity": "accuracy", "paper": 82.0, "ours": [81.0], "tolerance": 1.0, "verdict": "holds"}


@pytest.mark.usefixtures("paper")
def test_a_figure_that_diverged_fails_its_claim_and_is_null_in_the_files(tmp_path: Path, monkeypatch: Any) -> None:
    def diverging(settings: Settings, context: Context) -> Result:
        return Result({"accuracy": float("nan")}, 1, 1.0, {"weights": np.array([1.0, np.inf])})

    monkeypatch.setattr(protocol.find("made-up-1999"), "reproduce", diverging)
    outcome = protocol.reproduce("made-up-1999", out=tmp_path)
    assert {claim["verdict"] for claim in outcome["claims"]} == {"fails"}
    assert protocol.contract(outcome)["claims"][0]["ours"] == [None]
    assert json.loads((tmp_path / "result.json").read_text())["measured"] == {"accuracy": [None]}
    assert json.loads((tmp_path / "seed-1" / "metrics.json").read_text()) == {"accuracy": None, "weights": [1.0, None]}
    assert (tmp_path / "report.html").exists()


@pytest.mark.usefixtures("paper")
def test_the_report_says_what_the_paper_is_about(tmp_path: Path) -> None:
    protocol.reproduce("made-up-1999", out=tmp_path)
    page = (tmp_path / "report.html").read_text()
    assert "Longer." in page
    assert "A paper." not in page
    assert "81.00 %" in page


def test_resume_belongs_to_one_experiment(paper: Paper, tmp_path: Path) -> None:
    protocol.reproduce("made-up-1999", out=tmp_path, settings={"rate": "2.5"})
    where, cure = f"--resume {tmp_path}", "leave the setting out, or begin a new run with --out"
    again = protocol.reproduce("made-up-1999", resume=tmp_path, settings={"rate": "2.5"})
    assert again["settings"] == {"neurons": 5, "rate": 2.5, "rule": "hebb", "noisy": False}
    for given, was, got in (
        ({"settings": {"rate": "3.5"}}, "rate=2.5", "3.5"),
        ({"seeds": 3}, "seeds=1", "3"),
        ({"data": "mnist"}, "data=digits", "mnist"),
    ):
        with pytest.raises(CheckpointError) as caught:
            protocol.reproduce("made-up-1999", resume=tmp_path, **given)
        assert str(caught.value) == f"{where}: was begun with {was} (got {got}); {cure}"
    files.write_json(tmp_path / "settings.json", {"name": "other", "data": "digits", "seeds": 1, "settings": {}})
    assert (
        said(lambda: protocol.reproduce("made-up-1999", resume=tmp_path))
        == f"{where}: must be a folder of made-up-1999 (got other)"
    )


@pytest.mark.usefixtures("paper")
@pytest.mark.parametrize("seeds", [0, -1, True, 1.0, "1", None], ids=repr)
def test_a_number_of_seeds_that_is_none(seeds: Any, tmp_path: Path) -> None:
    assert said(lambda: protocol.reproduce("made-up-1999", seeds=seeds, out=tmp_path)) == (
        f"made-up-1999, seeds: must be a whole number >= 1 (got {seeds!r})"
    )


@pytest.mark.usefixtures("paper")
def test_data_that_the_paper_does_not_run_on(tmp_path: Path) -> None:
    assert said(lambda: protocol.reproduce("made-up-1999", data="digit", out=tmp_path)) == (
        "made-up-1999, data: runs on digits, mnist (got 'digit'); did you mean 'digits'?"
    )


@pytest.mark.usefixtures("paper")
def test_resume_with_fewer_seeds_than_were_begun(tmp_path: Path) -> None:
    protocol.reproduce("made-up-1999", seeds=2, out=tmp_path)
    assert "was begun with seeds=2" in said(lambda: protocol.reproduce("made-up-1999", seeds=1, resume=tmp_path))
