"""Gap junctions in NEST: a connection each way, and steps that are tried until the potentials agree (waveform relaxation).

Hahne et al. 2015, doi:10.3389/fninf.2015.00022.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from maichong.engines.gaps import Coupling
from maichong.engines.nest.kernel import Kernel
from maichong.engines.nest.live_cells import LiveCells
from maichong.engines.nest.live_source import LiveSource


def couple(coupling: Coupling, populations: Sequence[LiveCells | LiveSource], kernel: Kernel) -> None:
    """Connect all that is coupled, both ways."""
    for pull in coupling.pulls:
        owners = np.repeat(np.arange(pull.start.size - 1), np.diff(pull.start)) + populations[pull.population].first
        others = pull.source.astype(np.int64) + populations[pull.other].first
        kernel.nest.Connect(others, owners, "one_to_one", {"synapse_model": "gap_junction", "weight": pull.g})
