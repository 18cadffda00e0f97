"""Drawings of result arrays, ``f(data, *, ax=None) -> ax``, and a report that gathers them on one page.

Each drawing makes its own figure unless it is given ``ax``; none opens a window. Save one with
``ax.figure.savefig(...)``; a notebook shows ``ax.figure``. matplotlib loads on the first drawing.
"""

from .colours import ACCENT, EXCITATION, INHIBITION, INPUT, REFERENCE
from .confusion import confusion
from .curves import accuracy_curve
from .fields import receptive_fields
from .histogram import histogram
from .raster import raster
from .report import Picture, Report, render_report, write_report

__all__ = [
    "ACCENT",
    "EXCITATION",
    "INHIBITION",
    "INPUT",
    "REFERENCE",
    "Picture",
    "Report",
    "accuracy_curve",
    "confusion",
    "histogram",
    "raster",
    "receptive_fields",
    "render_report",
    "write_report",
]
