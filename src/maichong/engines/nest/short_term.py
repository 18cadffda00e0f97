"""Which of our short-term rules is which NEST synapse: a table.

NEST keeps u and x for each synapse, we for each source; all synapses of a source have seen the same spikes.
"""

from __future__ import annotations

from dataclasses import dataclass

from maichong.engines.nest.tables import Values
from maichong.spec import ShortTermModel
from maichong.synapses.tsodyks_markram import TsodyksMarkram


@dataclass(frozen=True)
class ShortTermRow:
    """One NEST synapse, ``nest``, the short-term rule that it stands for, and the ``values`` of its parameters."""

    rule: ShortTermModel
    nest: str
    values: Values


TABLE = (
    # a first spike is sent with u x as they are, where ours raises u from 0 to U; from the second on both raise it
    ShortTermRow(
        TsodyksMarkram, "tsodyks2_synapse", {"U": "U", "tau_rec": "tau_d", "tau_fac": "tau_f", "u": "U", "x": 1.0}
    ),
)  # fmt: skip
