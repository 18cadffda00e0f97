"""The report as a file: whole, self-contained, escaped, the same every time."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import os
import re
from html.parser import HTMLParser

import numpy as np
import pytest
from matplotlib.figure import Figure

from maichong import plots
from maichong.errors import DataError, ParameterError
from maichong.plots import Picture, Report, write_report


class Page(HTMLParser):
    """Tags with their attributes, and the text outside script and style."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.words, self._inside = "", ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self._inside = tag

    def handle_endtag(self, tag):
        self._inside = ""

    def handle_data(self, data):
        if self._inside not in ("script", "style"):
            self.words += data

    def all(self, tag):
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture(scope="module")
def text(page_file):
    return page_file.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def page(text):
    return Page(text)


def test_a_typical_report_is_small(page_file):
    assert page_file.stat().st_size < 3_000_000


def test_nothing_is_fetched(page):
    for _, attributes in page.tags:
        for name in ("src", "href", "srcset", "poster", "action", "data", "xlink:href"):
            assert attributes.get(name, "#").startswith(("#", "data:"))
        assert not re.search(r"url\((?!#)", attributes.get("style", ""))
    policy = next(a["content"] for a in page.all("meta") if a.get("http-equiv") == "Content-Security-Policy")
    assert "default-src 'none'" in policy


def test_text_cannot_become_markup(page, text):
    assert len(page.all("script")) == 1
    assert "window.hacked" in page.words  # shown as text
    assert "<b>seeds</b>" in page.words
    assert page.words.count("<i>") == 1
    assert not any(name.startswith("on") for _, attributes in page.tags for name in attributes)
    script = re.search(r"<script>(.*?)</script>", text, re.DOTALL)[1]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"'sha256-{digest}'" in text


def test_ids_are_unique_and_every_reference_finds_its_own(page, text):
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    wanted = {a[k][1:] for _, a in page.tags for k in ("href", "xlink:href") if a.get(k, "").startswith("#")}
    wanted |= set(re.findall(r"url\(#([^)]+)\)", text))
    wanted |= {a["aria-labelledby"] for _, a in page.tags if "aria-labelledby" in a}
    assert len(wanted) > 20
    assert wanted <= set(ids)


def test_structure_is_semantic(page):
    assert len(page.all("main")) == len(page.all("h1")) == 1
    assert all(attributes.get("scope") in ("col", "row") for attributes in page.all("th"))
    assert all(attributes.get("alt") for attributes in page.all("img"))
    pictures = [a for a in page.all("svg") if "width" not in a]
    assert len(pictures) == 6
    assert all(a["role"] == "img" and a["aria-labelledby"] for a in pictures)
    assert page.all("html")[0]["lang"] == "en"


def test_numbers_and_verdicts_are_worded(page):
    for words in (
        "1,702",
        "91.23",
        "91.2 · 91.5 · 91.0",
        "± 1",
        "holds",
        "fails",
        "not run",
        "stdp.eta_pre",
        "0.0001",
    ):
        assert words in page.words
    assert "3 claims: 1 fails, 1 holds, 1 not run" in page.words
    classes = [a["class"].split()[1] for a in page.all("span") if a.get("class", "").startswith("verdict")]
    assert classes == ["good", "bad", "open"]


def test_equal_reports_give_equal_bytes(report, build_report, page_file, tmp_path):
    again = write_report(tmp_path / "again.html", build_report())
    assert again.read_bytes() == page_file.read_bytes()


def test_themed_figures_take_the_pages_ink_and_others_get_paper():
    foreign = Figure()
    foreign.add_subplot().plot([1, 2])
    for figure, frame in ((plots.histogram([1.0], xlabel="rate (Hz)").figure, "themed"), (foreign, "paper")):
        html = plots.render_report(Report("t", figures=[Picture("a", "", figure)]))
        assert f'class="frame {frame}"' in html
        assert ("currentColor" in html.partition("<figure")[2]) == (frame == "themed")


def test_a_heavy_drawing_becomes_a_bitmap():
    figure = Figure()
    rng = np.random.default_rng(0)
    figure.add_subplot().scatter(rng.random(9_000), rng.random(9_000))
    page = Page(plots.render_report(Report("t", figures=[Picture("a", "", figure)])))
    assert not page.all("svg")
    assert page.all("img")[0]["src"].startswith("data:image/png;base64,")


def test_what_is_left_out_leaves_no_section():
    page = Page(plots.render_report(Report("Only a title")))
    assert not page.all("section")
    assert not page.all("table")
    assert not page.all("figure")


def test_the_file_is_replaced_whole_or_not_at_all(report, tmp_path, monkeypatch):
    target = tmp_path / "r.html"
    target.write_text("old")

    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(DataError) as caught:
        write_report(target, Report("new"))
    assert str(caught.value) == ("write_report.path: cannot write r.html (got Permission denied); choose another folder")
    assert target.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["r.html"]
    monkeypatch.undo()
    assert write_report(str(target), Report("new")) == target
    assert "<h1>new</h1>" in target.read_text()
    assert [path.name for path in tmp_path.iterdir()] == ["r.html"]


def test_others_may_read_the_file(tmp_path):
    before = os.umask(0o022)
    try:
        assert write_report(tmp_path / "r.html", Report("t")).stat().st_mode & 0o777 == 0o644
    finally:
        os.umask(before)


def test_a_path_that_cannot_be_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    for path, words in (
        (tmp_path / "missing" / "r.html", "must be in a folder that exists"),
        (tmp_path / "file" / "r.html", "it is a file"),
        (tmp_path, "must be a file's name"),
    ):
        with pytest.raises(DataError, match=words):
            write_report(path, Report("t"))


CLAIM = {"quantity": "q", "paper": 1, "ours": [1], "tolerance": 0, "verdict": "holds"}


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"title": " "}, "Report.title: must not be empty"),
        (
            {"claims": [{"quantity": "q"}]},
            "Report.claims[0]: must have quantity, paper, ours, tolerance, verdict (got no",
        ),
        (
            {"claims": [CLAIM, {**CLAIM, "units": "%"}]},
            "Report.claims[1]: has an unknown part (got 'units'); did you mean 'unit'?",
        ),
        ({"claims": ["q"]}, "Report.claims[0]: must be a mapping (got 'q')"),
        ({"summary": [("a", 1, 2)]}, "Report.summary[0]: must be (label, value) (got ('a', 1, 2))"),
        ({"figures": ["x"]}, "Report.figures[0]: must be a Picture (got 'x')"),
        (
            {"figures": [Picture("a", "", b"GIF89a")]},
            "Report.figures[0].figure: must be the bytes of an SVG or PNG file",
        ),
        (
            {"figures": [Picture("a", "", Figure().add_subplot())]},
            "Report.figures[0].figure: must be a matplotlib Figure",
        ),
        ({"settings": [1]}, "Report.settings: must be a mapping from name to value (got list)"),
    ],
)
def test_a_wrong_part_is_named(parts, message, tmp_path):
    with pytest.raises(ParameterError) as caught:
        write_report(tmp_path / "r.html", dataclasses.replace(Report("t"), **parts))
    assert str(caught.value).startswith(message)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("verdict", "words", "tone"),
    [
        (True, "holds", "good"),
        (False, "fails", "bad"),
        ("Reproduced", "Reproduced", "good"),
        ("unsure", "unsure", "open"),
    ],
)
def test_verdicts(verdict, words, tone):
    html = plots.render_report(Report("t", claims=[{**CLAIM, "verdict": verdict}]))
    assert f'<span class="verdict {tone}">{words}</span>' in html
