"""The verb ``simulate``: what it takes from the command line, and what it prints when the run is done."""

from __future__ import annotations

import contextlib
import json as text
import shlex
import sys
from pathlib import Path
from typing import Any

from rich.text import Text

from maichong import files
from maichong.cli.progress import duration, telling
from maichong.cli.tables import put, table_of
from maichong.interrupts import Interrupted

EVERY = 10.0
"""Minutes between two checkpoints, where nobody says otherwise."""


def run_simulation(json: Path | None, settings: dict[str, str], **given: Any) -> None:
    """Simulate and say how it went. After Ctrl-C, KeyboardInterrupt with the command that carries on."""
    from maichong.simulation import simulate

    command = shlex.join(["maichong", *sys.argv[1:]])
    try:
        with telling("building the network; compiling what is not yet in the cache") as tell:
            outcome = simulate(
                **given, options={key: _typed(value) for key, value in settings.items()}, tell=tell, command=command
            )
    except Interrupted as interrupt:
        every = given["checkpoint_every"]
        again = ["maichong", "simulate", "--resume", str(interrupt.folder)]
        again += [*(["--checkpoint-every", f"{every:g}"] if every != EVERY else []), *(["--json", str(json)] if json else [])]
        raise KeyboardInterrupt(shlex.join(again)) from None
    if json:
        files.write_json(json, outcome)
    table = table_of("population", "neurons", "spikes", "rate")
    for column in table.columns[1:]:
        column.justify = "right"
    for name, n in outcome["neurons"].items():
        table.add_row(Text(name), f"{n:,}", f"{outcome['spikes'][name]:,}", f"{outcome['rates_hz'][name]:.3f} Hz")
    put(table)
    put(
        f"{outcome['duration_ms']:,.0f} ms in {duration(outcome['wall_s'])}, real-time factor {outcome['realtime_factor']:.3g}; "
        f"built in {duration(outcome['build_s'])}, {sum(outcome['synapses'].values()):,} synapses, "
        f"peak memory {outcome['peak_rss_mib']:,.0f} MiB"
    )
    put(f"recorded: {Path(outcome['folder']) / outcome['recording']}")
    put(f"report: {outcome['report']}")


def _typed(value: str) -> Any:
    """An engine's option as text: a number, true, false, or a word."""
    with contextlib.suppress(ValueError):
        return text.loads(value)
    return value
