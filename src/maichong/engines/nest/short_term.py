"""Which of our short-term rules is which NEST synapse: a table.

NEST keeps u and x for each synapse, we for each source; all synapses of a source have seen the same spikes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from maichong.engines.nest.tables import Conditions, Values
from maichong.spec import ShortTermModel
from maichong.synapses.tsodyks_markram import TsodyksMarkram


@dataclass(frozen=True)
class ShortTermRow:
    """One NEST synapse, ``nest``, the short-term rule that it stands for under the given ``options``, and the ``values`` of its
    parameters; ``needs`` as for neurons."""

    rule: ShortTermModel
    nest: str
    values: Values
    options: Mapping[str, str] = field(default_factory=dict)
    needs: Conditions = field(default_factory=dict)


def recovers_at_once(tau_psc):
    return tau_psc == 0.0


AT_ONCE = {"its tau_psc must be 0, for what it releases recovers at once": recovers_at_once}
VALUES = {"U": "U", "tau_rec": "tau_d", "tau_fac": "tau_f", "u": "U", "x": 1.0}

TABLE = (
    # a first spike is sent with u x as they are, where ours raises u from 0 to U; from the second on both raise it
    ShortTermRow(TsodyksMarkram, "tsodyks2_synapse", VALUES, {"variant": "standard"}, AT_ONCE),
    # another u, the same release
    ShortTermRow(TsodyksMarkram, "tsodyks2_synapse", VALUES, {"variant": "baseline_U"}, AT_ONCE),
)  # fmt: skip
