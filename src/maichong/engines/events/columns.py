"""The kernel that finds, for each postsynaptic neuron of a plastic projection, where its incoming synapses lie."""

from __future__ import annotations

from collections.abc import Mapping

from maichong.engines.events.emit import Argument, KernelText


def count_kernel(index: str, dend: str | None = None) -> KernelText:
    """Count the synapses onto each target: ``numpy.bincount`` would first make a list of all targets in 64 bits.

    With ``dend``, the type of dendritic delays, those of each delay apart: ``which`` numbers the ``ends`` different ones.
    """
    return KernelText(
        title="Count the synapses of each target",
        precision="float64",
        arguments=(Argument("target", f"{index}[]"), Argument("counts", "int64[]"), *_parted(dend)),
        body=("for s in range(target.size):", f"    counts[{_cell(dend)}] += 1"),
    )


def _parted(dend: str | None) -> tuple[Argument, ...]:
    return (Argument("dend", f"{dend}[]"), Argument("which", "int64[]"), Argument("ends", "int")) if dend else ()


def _cell(dend: str | None) -> str:
    return "target[s] * ends + which[dend[s]]" if dend else "target[s]"


def columns_kernel(types: Mapping[str, str], *, several: bool) -> KernelText:
    """Go through all rows once; ``cursor`` holds where each target's next synapse is noted, ``several`` that delays differ."""
    dend = types.get("dend")
    body = [
        "for part in range(parts):",
        "    for i in range(n_pre):",
        "        row = start[part * (n_pre + 1) + i]",
    ]
    if several:
        body += [
            "        for g in range(groups):",
            "            place = (part * n_pre + i) * (groups + 1) + g",
            "            for s in range(row + np.int64(offset[place]), row + np.int64(offset[place + 1])):",
            f"                cell = {_cell(dend)}",
            "                at = cursor[cell]",
            "                cursor[cell] = at + 1",
            "                column_pre[at], column_place[at], column_group[at] = i, s - row, g",
        ]
    else:
        body += [
            "        for s in range(row, start[part * (n_pre + 1) + i + 1]):",
            f"            cell = {_cell(dend)}",
            "            at = cursor[cell]",
            "            cursor[cell] = at + 1",
            "            column_pre[at], column_place[at] = i, s - row",
        ]
    arrays = ["target", "start", "column_pre", "column_place", *(["offset", "column_group"] if several else [])]
    return KernelText(
        title="Find the columns of rows",
        precision="float64",
        arguments=(
            Argument("n_pre", "int"), Argument("parts", "int"), *([Argument("groups", "int")] if several else []),
            Argument("cursor", "int64[]"), *(Argument(name, f"{types[name]}[]") for name in arrays), *_parted(dend),
        ),
        body=tuple(body),
    )  # fmt: skip
