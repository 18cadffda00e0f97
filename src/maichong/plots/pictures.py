"""Put a picture into a page: as inline SVG in the page's own colours or, past a size, as a bitmap."""

from __future__ import annotations

import base64
import html
import io
import re
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..errors import ParameterError
from .canvas import THEMED
from .colours import INK

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_MOST_VECTOR = 350_000  # characters of drawing (embedded bitmaps aside) past which a bitmap serves the reader better
_BITMAP_DPI = 200
_WIDE = 6.0  # inches; wider figures fill the column


@dataclass(frozen=True)
class Embedded:
    """A picture as HTML: a ``wide`` one fills the column, one not ``themed`` needs light paper behind it."""

    markup: str
    wide: bool
    themed: bool


def embed(where: str, figure: Figure | bytes, *, key: str, title: str) -> Embedded:
    """Return ``figure`` (matplotlib Figure, or the bytes of an SVG or PNG file) as HTML named ``title``.

    ``key`` makes the ids of an inline SVG its own. SVG bytes come from anywhere, so they go into an image,
    where browsers neither run scripts nor fetch anything.
    """
    if isinstance(figure, bytes | bytearray):
        return _from_bytes(where, bytes(figure), title)
    if not hasattr(figure, "savefig"):
        raise ParameterError(
            where,
            "must be a matplotlib Figure or the bytes of an SVG or PNG file",
            type(figure).__name__,
            "pass ax.figure" if hasattr(figure, "figure") else None,
        )
    wide = bool(figure.get_size_inches()[0] > _WIDE)
    themed = figure.get_gid() == THEMED
    svg, drawing = _svg(figure, key, title, themed)
    if drawing <= _MOST_VECTOR:
        return Embedded(svg, wide, themed)
    buffer = io.BytesIO()
    figure.savefig(
        buffer,
        format="png",
        dpi=_BITMAP_DPI,
        facecolor="white",
        bbox_inches="tight",
        metadata={"Software": None},
    )
    return Embedded(_image("png", buffer.getvalue(), title), wide, False)


def _from_bytes(where: str, data: bytes, title: str) -> Embedded:
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return Embedded(_image("png", data, title), int.from_bytes(data[16:20]) > 900, False)
    if b"<svg" in data[:2_000]:
        return Embedded(_image("svg+xml", data, title), False, False)
    raise ParameterError(where, "must be the bytes of an SVG or PNG file", f"{data[:8]!r}...", "is it another format?")


def _image(kind: str, data: bytes, title: str) -> str:
    return f'<img alt="{html.escape(title)}" src="data:image/{kind};base64,{base64.b64encode(data).decode()}">'


def _svg(figure: Figure, key: str, title: str, themed: bool) -> tuple[str, int]:
    """Return ``figure`` as an inline SVG element and the size of its drawing without embedded bitmaps."""
    import matplotlib as mpl

    buffer = io.BytesIO()
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": key}):
        figure.savefig(
            buffer,
            format="svg",
            dpi=_BITMAP_DPI,
            transparent=themed,
            bbox_inches="tight",
            pad_inches=0.04,
            metadata={"Date": None, "Creator": None, "Format": None, "Type": None},
        )
    root = ET.fromstring(buffer.getvalue())
    for parent in list(root.iter()):
        for child in list(parent):
            if _bare(child.tag) in ("metadata", "style"):
                parent.remove(child)  # a style element would reach the whole page; the page's own sheet has its rule
    for element in root.iter():
        element.tag = _bare(element.tag)
        element.attrib = {_bare(name): _owned(_bare(name), text, key) for name, text in element.attrib.items()}
    for name in ("width", "height"):
        root.attrib.pop(name, None)
    root.attrib.update({"role": "img", "aria-labelledby": f"{key}-title"})
    caption = ET.Element("title", {"id": f"{key}-title"})
    caption.text = title
    root.insert(0, caption)
    text = ET.tostring(root, encoding="unicode")
    if themed:
        text = text.replace(INK, "currentColor")
    return text, len(text) - sum(len(m) for m in re.findall(r'href="data:[^"]*"', text))


def _bare(name: str) -> str:
    """The name without its namespace: HTML knows SVG's elements by their bare names."""
    return name.rpartition("}")[2]


def _owned(name: str, text: str, key: str) -> str:
    """Prefix ids, and links to them, with ``key``: matplotlib calls something ``axes_1`` in every figure."""
    if name == "id":
        return f"{key}-{text}"
    if name == "href":
        return f"#{key}-{text[1:]}" if text.startswith("#") else text
    return text.replace("url(#", f"url(#{key}-")
