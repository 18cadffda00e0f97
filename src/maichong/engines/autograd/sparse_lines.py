"""The kernels of sparse products: the lists of what is not 0, the sums of rows, and the same turned for the gradient."""

from __future__ import annotations

import functools

from maichong.engines.autograd.row_sums import WIDE
from maichong.engines.autograd.shapes import imports
from maichong.engines.events.emit import Argument, KernelText

CHUNK = 256
"""Rows whose gradients are added up together: 64 KiB of a block. As many as a byte tells apart."""

BODIES = {
    "note": """
size, lanes = U(SIZE), 64 // SIZE
numbers, indices, values = U(x.ctypes.data), U(index.ctypes.data), U(value.ctypes.data)
whole, parts = width // lanes * lanes, (width + near - 1) // near
k, odd = room, 0
for row in range(low, up):
    if k - room > most:
        break
    at = U(row * width)
    for p in range(parts):
        bounds[U(row * (parts + 1) + p)] = k
        for j in range(p * near, min((p + 1) * near, whole), lanes):
            k += places(numbers + (at + U(j)) * size, j, indices + U(4 * k), values + U(k) * size)
            odd += others(numbers + (at + U(j)) * size)
    for j in range(whole, width):
        now = x[at + U(j)]
        index[U(k)] = j
        value[U(k)] = now
        k += np.int64(now != F(0.0))
        odd += np.int64(now != F(0.0)) * np.int64(now != F(1.0))
    bounds[U(row * (parts + 1) + parts)] = k
found[0] = k - room
found[1] = odd
""",
    "pack": f"""
size, lanes = U(SIZE), 64 // SIZE
for block in range(low, up):
    many = min({WIDE}, n - block * {WIDE})
    at = block * width * {WIDE}
    square = (many // lanes * lanes, width // lanes * lanes)
    for j in range(0, square[0], lanes):
        of = U(weight.ctypes.data) + U((block * {WIDE} + j) * width) * size
        to = U(matrix.ctypes.data) + U(at + j) * size
        for k in range(0, square[1], lanes):
            turn(of + U(k) * size, width, to + U(k * {WIDE}) * size, {WIDE})
    for j in range({WIDE}):
        of = U((block * {WIDE} + j) * width)
        to = U(at + j)
        if j < many:
            for k in range(square[1] if j < square[0] else 0, width):
                matrix[to + U(k * {WIDE})] = weight[of + U(k)]
        else:
            for k in range(width):
                matrix[to + U(k * {WIDE})] = F(0.0)
""",
    "product": f"""
size = U(SIZE)
part = lined(np.empty({CHUNK * WIDE} + SLACK, F))
indices, values, begun = U(index.ctypes.data), U(value.ctypes.data), U(start.ctypes.data)
parts = (width + near - 1) // near
for block in range((n + {WIDE - 1}) // {WIDE}):
    many = min({WIDE}, n - block * {WIDE})
    rows_of = U(matrix.ctypes.data) + U(block * width * {WIDE}) * size
    begin = begun + U(block * {WIDE}) * size
    for top in range(low, up, {CHUNK}):
        end = min(top + {CHUNK}, up)
        if many == {WIDE}:
            to, stride = U(out.ctypes.data) + U(top * n + block * {WIDE}) * size, n
        else:
            to, stride = U(part.ctypes.data), {WIDE}
        for p in range(parts):
            for row in range(top, end):
                of = U(row * (parts + 1) + p)
                here = to + U((row - top) * stride) * size
                if spikes:
                    row_adds(rows_of, indices, bounds[of], bounds[of + U(1)], here if p else begin, here)
                else:
                    row_sums(rows_of, indices, values, bounds[of], bounds[of + U(1)], here if p else begin, here)
        if many < {WIDE}:
            for row in range(top, end):
                for j in range(many):
                    out[U(row * n + block * {WIDE} + j)] = part[U((row - top) * {WIDE} + j)]
""",
    "turn_lists": f"""
parts = (width + near - 1) // near
for chunk in range(low, up):
    top, end = chunk * {CHUNK}, min((chunk + 1) * {CHUNK}, rows)
    own = U(chunk * width)
    for j in range(width):
        last_by[own + U(j)] = 0
    for row in range(top, end):
        for k in range(bounds[U(row * (parts + 1))], bounds[U(row * (parts + 1) + parts)]):
            last_by[own + U(index[U(k)])] += 1
    at = begin_by[chunk]
    for j in range(width):
        many = last_by[own + U(j)]
        first_by[own + U(j)] = at
        last_by[own + U(j)] = at
        at += many
    for row in range(top, end):
        for k in range(bounds[U(row * (parts + 1))], bounds[U(row * (parts + 1) + parts)]):
            j = own + U(index[U(k)])
            place = U(last_by[j])
            index_by[place] = row - top
            value_by[place] = value[U(k)]
            last_by[j] += 1
""",
    "turn_spikes": f"""
parts = (width + near - 1) // near
rooms = np.empty(width * {CHUNK}, np.uint8)
for chunk in range(low, up):
    top, end = chunk * {CHUNK}, min((chunk + 1) * {CHUNK}, rows)
    own = U(chunk * width)
    for j in range(width):
        last_by[own + U(j)] = 0
    for row in range(top, end):
        for k in range(bounds[U(row * (parts + 1))], bounds[U(row * (parts + 1) + parts)]):
            j = U(index[U(k)])
            many = last_by[own + j]
            rooms[j * U({CHUNK}) + U(many)] = row - top
            last_by[own + j] = many + 1
    at = begin_by[chunk]
    for j in range(width):
        many = last_by[own + U(j)]
        for c in range(many):
            near_by[U(at + c)] = rooms[U(j * {CHUNK} + c)]
        first_by[own + U(j)] = at
        at += many
        last_by[own + U(j)] = at
""",
    "gradient": f"""
size, lanes = U(SIZE), 64 // SIZE
part = lined(np.empty({CHUNK * WIDE} + SLACK, F))
sums = lined(np.empty(width * {WIDE} + SLACK, F))
indices, values = U(index_by.ctypes.data), U(value_by.ctypes.data)
near, totals = U(part.ctypes.data), U(sums.ctypes.data)
for block in range(low, up):
    many = min({WIDE}, n - block * {WIDE})
    for k in range(width * {WIDE}):
        sums[U(k)] = F(0.0)
    for k in range({CHUNK * WIDE}):
        part[U(k)] = F(0.0)
    for chunk in range((rows + {CHUNK - 1}) // {CHUNK}):
        top, end = chunk * {CHUNK}, min((chunk + 1) * {CHUNK}, rows)
        for row in range(top, end):
            at, of = U((row - top) * {WIDE}), U(row * n + block * {WIDE})
            for j in range(many):
                part[at + U(j)] = gradient[of + U(j)]
        own = U(chunk * width)
        for j in range(width):
            to = totals + U(j * {WIDE}) * size
            if spikes:
                near_adds(near, U(near_by.ctypes.data), first_by[own + U(j)], last_by[own + U(j)], to, to)
            else:
                row_sums(near, indices, values, first_by[own + U(j)], last_by[own + U(j)], to, to)
    square = (many // lanes * lanes, width // lanes * lanes)
    for j in range(0, square[0], lanes):
        to = U(out.ctypes.data) + U((block * {WIDE} + j) * width) * size
        for k in range(0, square[1], lanes):
            turn(totals + U(k * {WIDE} + j) * size, {WIDE}, to + U(k) * size, width)
    for j in range(many):
        at = U((block * {WIDE} + j) * width)
        for k in range(square[1] if j < square[0] else 0, width):
            out[at + U(k)] = sums[U(k * {WIDE} + j)]
""",
}

KERNELS = {"forward": ("note", "pack", "product"), "backward": ("turn_lists", "turn_spikes", "gradient")}
"""The stages of each kernel: few kernels, for each takes a second to compile."""

INTEGERS = ("width", "rows", "n", "near", "low", "up", "stage", "room", "most", "spikes")
PLACES = ("found", "bounds", "begin_by", "first_by", "last_by")
INDICES = ("index", "index_by")
NUMBERS = {
    "forward": ("x", "value", "weight", "matrix", "start", "out"),
    "backward": ("value", "value_by", "gradient", "out"),
}


@functools.cache
def kernel(name: str, precision: str) -> KernelText:
    """The kernel of a direction, "forward" or "backward", which does the stage that it is called for."""
    bits = int(precision.removeprefix("float"))
    body: list[str] = []
    for number, stage in enumerate(KERNELS[name]):
        lines = BODIES[stage].strip("\n").replace("SIZE", str(bits // 8)).splitlines()
        body += [f"if stage == {number}:", *(f"    {line}" for line in lines)]
    return KernelText(
        title=f"Sparse products, {name}", precision=precision,
        arguments=(
            *(Argument(entry, "int") for entry in INTEGERS), *(Argument(entry, "int64[]") for entry in PLACES),
            *(Argument(entry, "int32[]") for entry in INDICES), Argument("near_by", "uint8[]"),
            *(Argument(entry, f"{precision}[]") for entry in NUMBERS[name]),
        ),
        body=tuple(body), extra=imports(precision),
    )  # fmt: skip
