"""Drawings into a file: a report where it is HTML, one page else."""

from __future__ import annotations

import os
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from maichong.errors import DataError, ParameterError

if TYPE_CHECKING:
    from maichong.plots import Drawing

SUFFIXES = (".png", ".svg", ".pdf", ".html")


def check_suffix(out: Path | None) -> None:
    """Raise ParameterError for a file that cannot be drawn into, by its name."""
    if out is not None and out.suffix.lower() not in SUFFIXES:
        raise ParameterError("--out", f"must end in {', '.join(SUFFIXES)}", out.name, f"try {out.with_suffix('.png').name}")


def write(
    target: Path, drawings: Sequence[Drawing], *, title: str, lead: str, command: str,
    settings: Mapping[str, Any] | None = None, dpi: int = 150,
) -> Path:  # fmt: skip
    """Draw all into ``target`` and return it; the file is whole, or as it was. DataError where it cannot be written."""
    from maichong import __version__, plots

    if target.suffix.lower() == ".html":
        pictures = [plots.Picture(one.title, one.caption, one.draw(None).figure) for one in drawings]  # type: ignore[arg-type]
        report = plots.Report(
            title, lead=lead, figures=pictures, settings=settings or {},
            versions={"maichong": __version__, "numpy": np.__version__}, command=command,
        )  # fmt: skip
        return plots.write_report(target, report)
    figure = plots.page(textwrap.fill(f"{title}: {lead}", 100), drawings)
    beside = target.with_name(f".{target.stem}.{os.getpid()}{target.suffix}")
    try:
        figure.savefig(beside, dpi=dpi, facecolor="white")
        os.replace(beside, target)
    except OSError as error:
        raise DataError("--out", f"cannot write {target.name}", error.strerror or str(error), "choose another file") from error
    finally:
        beside.unlink(missing_ok=True)
    return target
