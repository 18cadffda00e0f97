"""Places where nonsense is known to be answered badly, with the groups of values that show it; see test_robustness_nonsense.py.

An entry reads ``"LIF(tau_m)": "complex, arrays"``, ``"all"`` or ``"all but text"``; the causes stand here, above the table. Take
a group out of its places when its cause is mended. None is known at present.
"""

from __future__ import annotations

KNOWN: dict[str, str] = {}
