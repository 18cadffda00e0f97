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
    parameters; ``needs`` as for neurons. Of several rows the first holds whose needs are met."""

    rule: ShortTermModel
    nest: str
    values: Values
    options: Mapping[str, str] = field(default_factory=dict)
    needs: Conditions = field(default_factory=dict)


def recovers_at_once(tau_psc):
    return tau_psc == 0.0


def recovers_later(tau_psc, tau_d):
    return 0.0 < tau_psc != tau_d


AT_ONCE = {"its tau_psc must be 0": recovers_at_once}
LATER = {"its tau_psc must not be its tau_d, for NEST divides by their difference": recovers_later}
FORMS = ("standard", "baseline_U")
"""Variants of one release: NEST has no other."""
TWO_STATES = {"U": "U", "tau_rec": "tau_d", "tau_fac": "tau_f", "u": "U", "x": 1.0}
THREE_STATES = {"U": "U", "tau_rec": "tau_d", "tau_fac": "tau_f", "tau_psc": "tau_psc", "u": 0.0, "x": 1.0, "y": 0.0}

TABLE = tuple(
    row
    for form in FORMS
    for row in (
        # a first spike is sent with u x as they are, where ours raises u from 0 to U; from the second on both raise it
        ShortTermRow(TsodyksMarkram, "tsodyks2_synapse", TWO_STATES, {"variant": form}, AT_ONCE),
        ShortTermRow(TsodyksMarkram, "tsodyks_synapse", THREE_STATES, {"variant": form}, LATER),
    )
)
