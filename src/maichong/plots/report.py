"""A run on one page: a single HTML file that needs no network, for a screen, a phone or paper."""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import DataError, ParameterError
from .pictures import embed
from .wording import claim, flat, tally, value

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_PACKAGE = "maichong.plots"


@dataclass(frozen=True)
class Picture:
    """A figure with its words: ``figure`` is a matplotlib Figure or the bytes of an SVG or PNG file."""

    title: str
    caption: str
    figure: Figure | bytes


@dataclass(frozen=True)
class Report:
    """What a report says; every text is plain text, and what is left out leaves no empty section.

    ``summary`` is the handful of figures to read first, as (label, value). A claim is a mapping of
    ``quantity``, ``paper`` (its figure), ``ours`` (one value per seed), ``tolerance`` and ``verdict``
    (``"holds"``, ``"fails"``, or words of your own), optionally ``unit`` and ``note``.
    """

    title: str
    lead: str = ""
    summary: Sequence[tuple[str, object]] = ()
    claims: Sequence[Mapping[str, object]] = ()
    figures: Sequence[Picture] = ()
    settings: Mapping[str, object] = field(default_factory=dict)
    versions: Mapping[str, object] = field(default_factory=dict)
    command: str = ""


def write_report(path: str | os.PathLike[str], report: Report) -> Path:
    """Write ``report`` as one HTML file and return its path; equal reports give equal bytes.

    The file is whole or absent: it is written beside its place and then moved there. Raises DataError where
    the folder is missing or cannot be written, ParameterError for a claim or figure that is not of the
    promised form.

        >>> write_report("run.html", Report("STDP on MNIST", claims=[claim]))   # doctest: +SKIP
    """
    target = Path(path)
    if not target.parent.is_dir():
        fix = "create it first" if not target.parent.exists() else "it is a file"
        raise DataError("write_report.path", "must be in a folder that exists", f"{target.parent}", fix)
    if target.is_dir():
        raise DataError(
            "write_report.path",
            "must be a file's name",
            f"the folder {target}",
            f"try {target / 'report.html'}",
        )
    page = render_report(report)
    beside = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        beside.write_text(page, encoding="utf-8", newline="\n")
        os.replace(beside, target)
    except OSError as error:
        reason = error.strerror or str(error)
        raise DataError("write_report.path", f"cannot write {target.name}", reason, "choose another folder") from error
    finally:
        beside.unlink(missing_ok=True)
    return target


def render_report(report: Report) -> str:
    """Return the page that :func:`write_report` writes."""
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup

    _check(report)
    pictures = [_picture(number, picture) for number, picture in enumerate(report.figures, 1)]
    claims = [claim(f"Report.claims[{k}]", given) for k, given in enumerate(report.claims)]
    templates = files(_PACKAGE) / "templates"
    style, script = ((templates / name).read_text(encoding="utf-8") for name in ("report.css", "report.js"))
    environment = Environment(
        loader=PackageLoader(_PACKAGE, "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("report.html.j2").render(
        report=report,
        summary=[(label, value(thing)) for label, thing in report.summary],
        claims=claims,
        tally=tally(claims),
        pictures=pictures,
        settings=list(flat(report.settings)),
        versions=list(flat(report.versions)),
        style=Markup(style),
        script=Markup(script),
        # the one script that may run is known by its hash: whatever slips into the page stays inert
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
    )


def _picture(number: int, picture: Picture) -> dict[str, object]:
    from markupsafe import Markup

    key = f"fig{number}"
    inside = embed(f"Report.figures[{number - 1}].figure", picture.figure, key=key, title=picture.title)
    return {
        "key": key,
        "number": number,
        "title": picture.title,
        "caption": picture.caption,
        "markup": Markup(inside.markup),
        "wide": inside.wide,
        "themed": inside.themed,
    }


def _check(report: Report) -> None:
    if not isinstance(report, Report):
        raise ParameterError("write_report.report", "must be a Report", type(report).__name__)
    if not report.title.strip():
        raise ParameterError("Report.title", "must not be empty", repr(report.title))
    for name, kind in (("claims", Mapping), ("figures", Picture), ("summary", tuple | list)):
        for k, part in enumerate(getattr(report, name)):
            if not isinstance(part, kind) or (name == "summary" and len(part) != 2):
                what = {"claims": "a mapping", "figures": "a Picture", "summary": "(label, value)"}[name]
                raise ParameterError(f"Report.{name}[{k}]", f"must be {what}", repr(part)[:60])
    for name in ("settings", "versions"):
        if not isinstance(getattr(report, name), Mapping):
            got = type(getattr(report, name)).__name__
            raise ParameterError(f"Report.{name}", "must be a mapping from name to value", got)
