"""``row_sums``: weighted sums of rows of a matrix, with the sums in vector registers; the inner loop of sparse products.

LLVM does not find this form by itself: in a loop over an array it loads and stores each sum at every row, and tests for overlaps
first, which takes four times as long.
"""

from __future__ import annotations

import functools
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

WIDE = 64
"""Columns of a block: its sums fill four registers of 512 bits, and a block of a matrix of 2,000 rows a core's second cache."""


@functools.cache
def _of(precision: str) -> Any:
    lanes = {"float32": 16, "float64": 8}[precision]
    groups = WIDE // lanes

    @intrinsic
    def row_sums(typingctx: Any, matrix: Any, index: Any, value: Any, first: Any, last: Any, start: Any, out: Any) -> Any:
        """out[:] = start[:] + the sum over k in first..last of value[k] * matrix[index[k], :], each of 64 columns, by addresses."""

        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            matrix, index, value, first, last, start, out = args
            number = {"float32": ir.FloatType(), "float64": ir.DoubleType()}[precision]
            narrow, word, vector = ir.IntType(32), ir.IntType(64), ir.VectorType(number, lanes)
            kind = f"llvm.fma.v{lanes}f{32 if precision == 'float32' else 64}"
            fma = cgutils.get_or_insert_function(builder.module, ir.FunctionType(vector, [vector] * 3), kind)
            rows = builder.inttoptr(matrix, number.as_pointer())
            indices = builder.inttoptr(index, narrow.as_pointer())
            values = builder.inttoptr(value, number.as_pointer())
            begun, ended = (builder.inttoptr(place, vector.as_pointer()) for place in (start, out))
            align = 4 if precision == "float32" else 8

            def load(place: Any, group: int) -> Any:
                found = builder.load(builder.gep(place, [ir.Constant(word, group)]))
                found.align = align
                return found

            sums = [load(begun, group) for group in range(groups)]
            before = builder.block
            test, body, done = (builder.function.append_basic_block(name) for name in ("test", "body", "done"))
            builder.branch(test)
            builder.position_at_end(test)
            k = builder.phi(word)
            k.add_incoming(first, before)
            totals = [builder.phi(vector) for _ in sums]
            for total, given in zip(totals, sums, strict=True):
                total.add_incoming(given, before)
            builder.cbranch(builder.icmp_signed("<", k, last), body, done)
            builder.position_at_end(body)
            at = builder.zext(builder.load(builder.gep(indices, [k])), word)
            scale = builder.load(builder.gep(values, [k]))
            undefined = ir.Constant(vector, ir.Undefined)
            scales = builder.insert_element(undefined, scale, ir.Constant(narrow, 0))
            scales = builder.shuffle_vector(scales, undefined, ir.Constant(ir.VectorType(narrow, lanes), [0] * lanes))
            row = builder.bitcast(builder.gep(rows, [builder.mul(at, ir.Constant(word, WIDE))]), vector.as_pointer())
            for group, total in enumerate(totals):
                total.add_incoming(builder.call(fma, [scales, load(row, group), total]), body)
            k.add_incoming(builder.add(k, ir.Constant(word, 1)), body)
            builder.branch(test)
            builder.position_at_end(done)
            for group, total in enumerate(totals):
                builder.store(total, builder.gep(ended, [ir.Constant(word, group)])).align = align
            return context.get_dummy_value()

        address, count = types.uint64, types.int64
        return types.void(address, address, address, count, count, address, address), generate

    return row_sums


row_sums32 = _of("float32")
row_sums64 = _of("float64")
