"""What takes its time: the verbs ``reproduce`` and ``check``. Files are written before anything is printed."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Any

from rich import box
from rich.text import Text

from maichong import files
from maichong.cli.progress import duration, telling
from maichong.cli.tables import put, table_of


def run_reproduction(
    name: str, data: str | None, settings: dict[str, str], seeds: int | None, out: Path | None, resume: Path | None,
    smoke: bool, json: Path | None,
) -> int:  # fmt: skip
    """Run a paper and say how it goes; the exit code that its claims earn. After Ctrl-C, KeyboardInterrupt with the
    command that carries on."""
    from maichong.zoo import protocol

    counted = {} if seeds is None else {"seeds": seeds}
    try:
        with telling() as tell:
            outcome = protocol.reproduce(
                name, data=data, settings=settings, out=out, resume=resume, smoke=smoke, tell=tell,
                command=shlex.join(["maichong", *sys.argv[1:]]), **counted,
            )  # fmt: skip
    except protocol.Interrupted as interrupt:
        again = ["maichong", "reproduce", name, "--resume", str(interrupt.folder), *(["--json", str(json)] if json else [])]
        raise KeyboardInterrupt(shlex.join(again)) from None
    if json:
        files.write_json(json, protocol.contract(outcome))
    _print_outcome(outcome, protocol.find(name).CLAIMS, " since it was resumed" if resume else "")
    return int(any(claim["verdict"] == "fails" for claim in outcome["claims"]))


def _print_outcome(outcome: dict[str, Any], claims: Any, since: str) -> None:
    put(Text(outcome["title"], style="bold"))
    table = table_of("quantity", "paper", "ours", "verdict", box=box.ROUNDED, padding=(0, 1))
    units = {claim.quantity: claim.unit for claim in claims}
    judged = {claim["quantity"] for claim in outcome["claims"]}
    for claim in outcome["claims"]:
        style = "green" if claim["verdict"] == "holds" else "red"
        paper = f"{claim['paper']:g} {claim['unit']} (tolerance {claim['tolerance']:g})"
        table.add_row(claim["quantity"], paper, _ours(claim["ours"], claim["unit"]), Text(claim["verdict"], style=style))
    for quantity, values in outcome["measured"].items():
        if quantity not in judged:
            table.add_row(quantity, "-", _ours(values, units.get(quantity, "")), "not judged")
    put(table)
    if not judged and claims:
        put("not judged, because the paper's figures are for other data or settings:")
        for claim in claims:
            put(f"  {claim.quantity} {claim.paper:g} {claim.unit} with {claim.condition}")
    put(
        f"{duration(outcome['wall_s'])}{since}, {outcome['train_samples_per_s']:,.0f} training images/s, "
        f"peak memory {outcome['peak_rss_mib']:,.0f} MiB"
    )
    put(f"report: {outcome['report']}")


def _ours(values: list[float], unit: str) -> str:
    """One value per seed and, of several, their mean, which is what is judged."""
    each = ", ".join(f"{value:.2f}" for value in values)
    mean = f" (mean {sum(values) / len(values):.2f})" if len(values) > 1 else ""
    return f"{each}{mean} {unit}".rstrip()


def run_checks(name: str | None, json: Path | None) -> int:
    """Run the conformance checks and print the table of models by checks; 0 when all pass."""
    from maichong import checks

    outcomes = checks.check_all([name] if name else None)
    if json:
        files.write_json(json, checks.to_json(outcomes))
    rows = checks.table(outcomes)
    table = table_of(*rows[0])
    for row in rows[1:]:
        table.add_row(*row)
    put(table)
    for outcome in outcomes:
        if outcome.verdict != "ok":
            put(f"{outcome.model}, {outcome.check}, {outcome.engine}: {outcome.verdict}: {outcome.detail}")
    return 0 if checks.passed(outcomes) else 1
