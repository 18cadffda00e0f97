"""The elementwise functions that a model may use.

Here they are NumPy's. Each engine reads the same model functions again with its own table of these names
(SymPy expressions, emitted kernel text, torch), so a model that keeps to them runs everywhere:

    from maichong.ops import exp, where

Arithmetic (``+ - * / **``), comparisons and ``&``, ``|`` are open to a model as well. ``where`` evaluates both of its
branches: clamp arguments, so that the dead branch cannot overflow.
"""

from __future__ import annotations

import numpy as np

exp = np.exp
expm1 = np.expm1
log = np.log
log1p = np.log1p
sqrt = np.sqrt
power = np.power
sin = np.sin
cos = np.cos
tan = np.tan
tanh = np.tanh
arctan = np.arctan
floor = np.floor
absolute = np.absolute
sign = np.sign
minimum = np.minimum
maximum = np.maximum
where = np.where

NAMES: tuple[str, ...] = (
    "exp", "expm1", "log", "log1p", "sqrt", "power", "sin", "cos", "tan", "tanh", "arctan",
    "floor", "absolute", "sign", "minimum", "maximum", "where",
)  # fmt: skip

__all__ = ["NAMES", *NAMES]
