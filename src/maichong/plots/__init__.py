"""Drawings of result arrays, ``f(data, *, ax=None) -> ax``, and a report that gathers them on one page.

Each drawing makes its own figure unless it is given ``ax``; none opens a window. Save one with
``ax.figure.savefig(...)``; a notebook shows ``ax.figure``. matplotlib loads on the first drawing.
"""

from .adjacency import adjacency
from .bifurcation import bifurcation_diagram
from .coded import coded
from .colours import ACCENT, EXCITATION, INHIBITION, INPUT, REFERENCE
from .confusion import confusion
from .curves import accuracy_curve
from .f_i import f_i
from .fields import receptive_fields
from .gallery import gallery
from .histogram import histogram
from .page import Drawing, page
from .phase_plane import phase_plane
from .raster import raster
from .report import Picture, Report, render_report, write_report
from .traces import traces
from .wiring import wiring

__all__ = [
    "ACCENT",
    "EXCITATION",
    "INHIBITION",
    "INPUT",
    "REFERENCE",
    "Drawing",
    "Picture",
    "Report",
    "accuracy_curve",
    "adjacency",
    "bifurcation_diagram",
    "coded",
    "confusion",
    "f_i",
    "gallery",
    "histogram",
    "page",
    "phase_plane",
    "raster",
    "receptive_fields",
    "render_report",
    "traces",
    "wiring",
    "write_report",
]
