"""maichong --version, list and show: what there is, as tables on stdout and as JSON."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from maichong import __version__, bench, data
from maichong.encoding import codes
from maichong.errors import MaichongError
from maichong.spec import Option, registry
from maichong.zoo import protocol

KINDS = {**{kind: [model.name for model in group] for kind, group in registry.kinds().items()}}
KINDS |= {"code": list(codes()), "paper": protocol.names(), "data": list(data.names()), "benchmark": list(bench.benchmarks())}


def test_version(maichong: Any) -> None:
    ended = maichong("--version")
    assert (ended.code, ended.out, ended.err) == (0, f"maichong {__version__}\n", "")


def test_help_names_every_verb_and_every_verb_gives_an_example(maichong: Any) -> None:
    ended = maichong("--help")
    assert ended.code == 0
    for verb in ("list", "show", "reproduce", "check", "bench"):
        assert verb in ended.out
        help_ = maichong(verb, "--help")
        assert help_.code == 0
        assert f"Example: maichong {verb}" in " ".join(help_.out.split())


def test_without_a_verb_the_help_comes_and_the_code_of_bad_input(maichong: Any) -> None:
    ended = maichong()
    assert ended.code == 2
    assert "reproduce" in ended.out + ended.err


@pytest.mark.parametrize(
    "args", [("learn",), ("list", "--bogus"), ("reproduce",), ("reproduce", "x", "--seeds", "two")], ids=str
)
def test_what_the_parser_refuses_has_code_2_and_no_traceback(maichong: Any, args: tuple[str, ...]) -> None:
    ended = maichong(*args)
    assert ended.code == 2
    assert ended.err
    assert "Traceback" not in ended.err


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        (("list", "--bogus"), "list: no such option: --bogus; see 'maichong list --help'"),
        (("learn",), "no such command 'learn'; see 'maichong --help'"),
        (("show",), "show: missing argument 'NAME'; see 'maichong show --help'"),
    ],
    ids=str,
)
def test_what_the_parser_refuses_is_one_line_too(maichong: Any, args: tuple[str, ...], sentence: str) -> None:
    assert "--bogus" in maichong("list", "--bogus").sentence
    # the parser's words differ from version to version in upper and lower case
    assert maichong(*args).sentence.casefold() == sentence.casefold()


def test_list_shows_everything(maichong: Any, tmp_path: Path) -> None:
    ended = maichong("list", "--json", str(tmp_path / "list.json"))
    assert (ended.code, ended.err) == (0, "")
    for kind, names in KINDS.items():
        assert kind in ended.out
        for name in names:
            assert name in ended.out
    assert json.loads((tmp_path / "list.json").read_text()) == KINDS


@pytest.mark.parametrize("kind", KINDS)
def test_list_shows_one_kind(maichong: Any, kind: str, tmp_path: Path) -> None:
    for word in (kind, kind.upper(), f"{kind}s"):
        ended = maichong("list", word, "--json", str(tmp_path / "list.json"))
        assert (ended.code, ended.err) == (0, "")
        assert json.loads((tmp_path / "list.json").read_text()) == {kind: KINDS[kind]}
        for names in KINDS.values():
            shown = [name for name in names if f"  {name} " in ended.out.replace("\n", " \n")]
            # a paper may be a benchmark too
            assert shown == [name for name in names if name in KINDS[kind]]


def test_list_takes_a_kind_of_two_words_as_one(maichong: Any) -> None:
    assert maichong("list", "intrinsic-rules").out == maichong("list", "intrinsic rule").out


def test_list_of_an_unknown_kind(maichong: Any) -> None:
    ended = maichong("list", "neuorn")
    assert ended.out == ""
    assert ended.sentence == "list: there is no kind 'neuorn'; did you mean 'neuron'?"


@pytest.mark.parametrize("model", registry.models().values(), ids=lambda model: model.name)
def test_show_a_model(maichong: Any, model: Any, tmp_path: Path) -> None:
    ended = maichong("show", model.name, "--json", str(tmp_path / "model.json"))
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith(f"{model.name} ({model.kind})")
    words = " ".join(ended.out.split())
    assert model.doc.split("\n", 1)[0] in words
    for symbol in (*model.params, *model.states, *getattr(model, "inputs", ())):
        assert symbol.name in words
    for option in (option for option in model.options if isinstance(option, Option)):
        assert all(meaning in words for meaning in option.meanings.values())
        assert all(f"{choice}, {alias} {option.meanings[choice]}" in words for alias, choice in option.aliases)
    shown = json.loads((tmp_path / "model.json").read_text())
    assert (shown["name"], shown["kind"], shown["doc"]) == (model.name, model.kind, model.doc)
    assert [(p["name"], p["default"], p["unit"], p["meaning"]) for p in shown["params"]] == [
        (p.name, p.default, p.unit, p.meaning) for p in model.params
    ]
    assert [s["name"] for s in shown["states"]] == [s.name for s in model.states]
    assert shown["options"] == {option.name: list(option.choices) for option in model.options}


@pytest.mark.parametrize("name", ["pair_stdp", "PAIRSTDP", "pair-stdp"])
def test_show_finds_a_model_however_it_is_written(maichong: Any, name: str) -> None:
    assert maichong("show", name).out.startswith("PairSTDP (rule)")


@pytest.mark.parametrize("name", ["diehl-cook-2015", "diehl_cook_2015", "Diehl-Cook-2015"])
def test_show_a_paper(maichong: Any, name: str, tmp_path: Path) -> None:
    ended = maichong("show", name, "--json", str(tmp_path / "paper.json"))
    assert (ended.code, ended.err) == (0, "")
    words = " ".join(ended.out.split())
    assert "Diehl & Cook 2015" in words
    assert "doi:10.3389/fncom.2015.00099" in words
    shown = json.loads((tmp_path / "paper.json").read_text())
    assert shown["name"] == "diehl-cook-2015"
    assert shown["settings"]["neurons"] == 400
    assert {(c["when"]["neurons"], c["paper"]) for c in shown["claims"]} == {
        (100, 82.9),
        (400, 87.0),
        (1600, 91.9),
        (6400, 95.0),
    }
    for setting in shown["settings"]:
        assert setting in words


@pytest.mark.parametrize("name", data.names())
def test_show_a_data_set(maichong: Any, name: str, tmp_path: Path) -> None:
    ended = maichong("show", name, "--json", str(tmp_path / "data.json"))
    assert (ended.code, ended.err) == (0, "")
    shown = json.loads((tmp_path / "data.json").read_text())
    assert shown["name"] == name
    for key in ("source", "licence", "citation"):
        assert shown[key] in ended.out


@pytest.mark.parametrize("name", ["fashion-mnist", "Fashion_MNIST"])
def test_show_finds_a_data_set_however_it_is_written(maichong: Any, name: str) -> None:
    assert maichong("show", name).out.startswith("fashion_mnist (data)")


def test_what_is_no_terminal_gets_whole_lines(maichong: Any) -> None:
    """Lines are neither wrapped at 80 columns nor cut."""
    out = maichong("show", "LIF").out
    assert "…" not in out
    paper = protocol.find("diehl-cook-2015")
    assert registry.find("LIF").doc in out
    assert (paper.__doc__ or "").split("\n\n", 1)[1].strip() in maichong("show", paper.NAME).out
    lif = registry.find("LIF")
    for symbol in (*lif.params, *lif.options):
        assert any(line.split()[0] == symbol.name and symbol.meaning in line for line in out.splitlines() if line.strip())
    longest = max(registry.models().values(), key=lambda model: len(model.doc.split("\n", 1)[0]))
    assert longest.doc.split("\n", 1)[0] in maichong("list").out


@pytest.mark.parametrize(
    ("name", "fix"),
    [
        ("LIFF", "did you mean 'LIF'?"),
        ("diehl-cook-2016", "did you mean 'diehl-cook-2015'?"),
        ("", "known: AMPA, AdEx, AdaptiveLIF, "),
    ],
)
def test_show_something_unknown(maichong: Any, name: str, fix: str) -> None:
    ended = maichong("show", name)
    assert ended.out == ""
    assert ended.sentence.startswith(f"show: there is nothing called {name!r}; {fix}")


def test_json_that_cannot_be_written(maichong: Any, tmp_path: Path) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.write_text("x")
    for command in (["list"], ["show", "LIF"], ["show", "diehl-cook-2015"]):
        sentence = maichong(*command, "--json", str(in_the_way / "out.json")).sentence
        assert sentence.startswith(f"{in_the_way / 'out.json'}: must be a place that can be written to (got ")
        assert sentence.endswith("; choose another folder")


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        (("check", "LIFF"), "model: there is none called 'LIFF'; did you mean 'LIF'?"),
        (("bench", "diehl-cook"), "bench: there is no benchmark 'diehl-cook'; did you mean 'diehl-cook-2015'?"),
        (("bench", "coba-400"), "bench: there is no benchmark 'coba-400'; did you mean 'coba-4000'?"),
        (
            ("bench", "coba-4000", "--against", "bindsnet"),
            "bench, --against: there is no peer 'bindsnet'; known: brian2, nest",
        ),
        (
            ("bench", "coba-4000", "--threads", "1,two"),
            "bench, --threads: must be whole numbers by commas, such as 1,2 (got '1,two')",
        ),
        (
            ("bench", "coba-4000", "--threads", "0"),
            "bench, --threads: must be whole numbers between 1 and 1024, such as 1,2 (got 0)",
        ),
        (("bench", "coba-4000", "--duration", "0"), "bench, --duration: must be a number > 0 ms (got '0')"),
        (
            ("bench", "coba-4000", "--duration", "0.15"),
            "bench, --duration: must be a whole number of steps of 0.1 ms (got 0.15 ms)",
        ),
        (
            ("bench", "coba-4000", "--images", "10"),
            "bench coba-4000, --images: is for another benchmark: a network has --threads and --duration (got 10)",
        ),
        (
            ("bench", "diehl-cook-2015", "--duration", "10"),
            "bench diehl-cook-2015, --duration: is for another benchmark: training has --images and --neurons (got 10)",
        ),
        (("bench", "deep", "--net", "fc,cnn"), "bench, --net: there is no net 'cnn'; known: conv, fc, recurrent"),
        (("bench", "deep", "--against", "nors"), "bench, --against: there is no peer 'nors'; did you mean 'norse'?"),
        (
            ("bench", "deep", "--threads", "1"),
            "bench deep, --threads: is for another benchmark: deep has --net and --products (got [1])",
        ),
        (
            ("bench", "coba-4000", "--net", "fc"),
            "bench coba-4000, --net: is for another benchmark: a network has --threads and --duration (got fc)",
        ),
        (
            ("bench", "diehl-cook-2015", "--against", "brian3"),
            "bench, --against: there is no peer 'brian3'; did you mean 'brian2'?",
        ),
        (
            ("bench", "diehl-cook-2015", "--images", "0"),
            "bench: needs at least 2 images and 1 neuron (got 0 images, 400 neurons)",
        ),
    ],
    ids=str,
)
def test_bad_input_to_the_other_verbs(maichong: Any, args: tuple[str, ...], sentence: str) -> None:
    assert maichong(*args).sentence == sentence


def test_the_command_itself_says_it_on_stderr() -> None:
    """What the installed script does: one line on stderr, nothing on stdout, code 2."""
    script = "import sys; from maichong.cli import main; sys.exit(main())"
    done = subprocess.run(
        [sys.executable, "-c", script, "show", "LIFF"], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "maichong: show: there is nothing called 'LIFF'; did you mean 'LIF'?\n"


@pytest.mark.parametrize("module", ["maichong", "maichong.cli"])
def test_python_m_is_the_command(module: str) -> None:
    done = subprocess.run([sys.executable, "-m", module, "--version"], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"maichong {__version__}\n", "")


def test_the_help_loads_nothing_that_computes() -> None:
    script = "import sys; from maichong.cli import main\ntry: main(['--help'])\nfinally: print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0
    assert not {"numpy", "numba", "sympy", "matplotlib", "torch"} & set(done.stdout.splitlines()[-1].split())


def test_a_star_import_gives_the_public_names() -> None:
    script = "from maichong import *; print(*sorted(name for name in dir() if name[:2] != '__'))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    names = set(done.stdout.split())
    assert {*registry.models(), "Network", "AllToAll", "Uniform", "MaichongError", "resume"} <= names
    assert not names & {"annotations", "Any"}


@pytest.mark.parametrize("name", ["coba-4000", "COBA_4000"])
def test_show_a_benchmark(maichong: Any, name: str, tmp_path: Path) -> None:
    ended = maichong("show", name, "--json", str(tmp_path / "network.json"))
    assert (ended.code, ended.err) == (0, "")
    for words in ("coba-4000 (benchmark)", "doi:10.1523/JNEUROSCI.3508-05.2005", "67 nS", "refractory time"):
        assert words in ended.out
    shown = json.loads((tmp_path / "network.json").read_text())
    assert (shown["name"], shown["kind"], shown["constants"]["k_exc"]) == ("coba-4000", "benchmark", 64)


@pytest.mark.parametrize(
    ("name", "suffix", "begins"),
    [pytest.param("LIF", ".png", b"\x89PNG", marks=pytest.mark.slow), ("izhikevich", ".html", b"<!doctype html>")],
)
def test_show_draws_a_neuron(maichong: Any, name: str, suffix: str, begins: bytes, tmp_path: Path) -> None:
    target = tmp_path / f"picture{suffix}"
    ended = maichong("show", name, "--plot", "--out", str(target))
    assert ended.code == 0, ended.err
    assert ended.out.splitlines()[-1] == f"drawn: {target}"
    assert list(tmp_path.iterdir()) == [target]
    drawn = target.read_bytes()
    assert drawn[: len(begins)].lower() == begins.lower()
    if suffix == ".html":
        text = drawn.decode()
        for words in (
            "A tonic spiking",
            "T inhibition-induced bursting",
            "f-I curve",
            "Hopf at 3.7975",
            "saddle-node at 4",
            "u nullcline",
        ):
            assert words in text


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (("PairSTDP", "--plot"), "show --plot: draws neurons (got PairSTDP, a rule)"),
        (("LIF", "--out", "x.png"), "--out: says where to draw; add --plot"),
        (("LIF", "--plot", "--out", "x.bmp"), "--out: must end in .png, .svg, .pdf, .html (got x.bmp); try x.png"),
    ],
)
def test_show_refuses_to_draw(maichong: Any, given: tuple[str, ...], sentence: str, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    ended = maichong("show", *given)
    assert (ended.sentence, ended.out, list(tmp_path.iterdir())) == (sentence, "", [])


def test_a_neuron_that_never_fires_cannot_be_drawn(tmp_path: Path) -> None:
    from maichong import LIF
    from maichong.cli import portrait

    deaf = dataclasses.replace(
        LIF, params=tuple(dataclasses.replace(p, default=1e9) if p.name == "v_th" else p for p in LIF.params)
    )
    with pytest.raises(MaichongError) as error:
        portrait.draw(deaf, tmp_path / "x.png")
    assert str(error.value) == "show --plot: finds nothing to draw: it fires under no constant current (got LIF)"
