"""What is innermost in products, in vector registers: ``row_sums`` and ``dense_sums``, weighted sums of rows of a matrix;
``row_adds`` and ``near_adds``, sums of rows; ``turn``, the transpose of a square; ``places``, where numbers are not 0; ``others``,
whether some are no spikes.

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
def _of(precision: str, *, valued: bool = True, bits: int = 32) -> Any:
    lanes = {"float32": 16, "float64": 8}[precision]
    groups = WIDE // lanes

    def generator(signature: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            matrix, index, *value, first, last, start, out = args
            number = {"float32": ir.FloatType(), "float64": ir.DoubleType()}[precision]
            narrow, word, vector = ir.IntType(32), ir.IntType(64), ir.VectorType(number, lanes)
            kind = f"llvm.fma.v{lanes}f{32 if precision == 'float32' else 64}"
            fma = cgutils.get_or_insert_function(builder.module, ir.FunctionType(vector, [vector] * 3), kind)
            rows = builder.inttoptr(matrix, number.as_pointer())
            indices = builder.inttoptr(index, ir.IntType(bits).as_pointer())
            values = builder.inttoptr(value[0], number.as_pointer()) if valued else None
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
            undefined, scales = ir.Constant(vector, ir.Undefined), None
            if valued:
                scale = builder.load(builder.gep(values, [k]))
                scales = builder.insert_element(undefined, scale, ir.Constant(narrow, 0))
                scales = builder.shuffle_vector(scales, undefined, ir.Constant(ir.VectorType(narrow, lanes), [0] * lanes))
            row = builder.bitcast(builder.gep(rows, [builder.mul(at, ir.Constant(word, WIDE))]), vector.as_pointer())
            for group, total in enumerate(totals):
                found = load(row, group)
                total.add_incoming(builder.call(fma, [scales, found, total]) if valued else builder.fadd(found, total), body)
            k.add_incoming(builder.add(k, ir.Constant(word, 1)), body)
            builder.branch(test)
            builder.position_at_end(done)
            for group, total in enumerate(totals):
                builder.store(total, builder.gep(ended, [ir.Constant(word, group)])).align = align
            return context.get_dummy_value()

        return signature, generate

    address, count = types.uint64, types.int64
    if valued:

        @intrinsic
        def row_sums(typingctx: Any, matrix: Any, index: Any, value: Any, first: Any, last: Any, start: Any, out: Any) -> Any:
            """out[:] = start[:] + the sum over k in first..last of value[k] * matrix[index[k], :], each of 64 columns, by
            addresses."""
            return generator(types.void(address, address, address, count, count, address, address))

        return row_sums

    @intrinsic
    def row_adds(typingctx: Any, matrix: Any, index: Any, first: Any, last: Any, start: Any, out: Any) -> Any:
        """out[:] = start[:] + the sum over k in first..last of matrix[index[k], :], each of 64 columns, by addresses."""
        return generator(types.void(address, address, count, count, address, address))

    return row_adds


SPARE = 16
"""Numbers that ``places`` may write beyond those that it found: a register of 512 bits."""

ROWS = 4
"""Rows that ``dense_sums`` makes at once: each row of the matrix is read once for all of them."""


class BFloat(ir.Type):
    """The upper half of a float32, which llvmlite has no name for."""

    def _to_string(self) -> str:
        return "bfloat"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, BFloat)

    def __hash__(self) -> int:
        return hash(BFloat)


@functools.cache
def _dense_of(precision: str) -> Any:
    lanes = {"bfloat16": 16, "float32": 16, "float64": 8}[precision]
    groups = WIDE // lanes

    @intrinsic
    def dense_sums(typingctx: Any, matrix: Any, value: Any, apart: Any, count: Any, out: Any, stride: Any) -> Any:
        """out[r, :] = the sum over k in 0..count of value[r, k] * matrix[k, :], for 4 rows, each of 64 columns, by addresses; rows
        of values lie ``apart`` numbers apart, those of the result ``stride``. Of bfloat16 a number is a pair: two values, or what
        two rows have in a column; sums are float32."""

        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            matrix, value, apart, count, out, stride = args
            total_of = {"bfloat16": ir.FloatType(), "float32": ir.FloatType(), "float64": ir.DoubleType()}[precision]
            number = ir.IntType(32) if precision == "bfloat16" else total_of
            narrow, word, vector = ir.IntType(32), ir.IntType(64), ir.VectorType(total_of, lanes)
            loaded = ir.VectorType(number, lanes)
            kind = f"llvm.fma.v{lanes}f{64 if precision == 'float64' else 32}"
            fma = cgutils.get_or_insert_function(builder.module, ir.FunctionType(vector, [vector] * 3), kind)
            align = 8 if precision == "float64" else 4
            rows, values = (builder.inttoptr(place, number.as_pointer()) for place in (matrix, value))
            results = builder.inttoptr(out, total_of.as_pointer())
            shifts = [builder.mul(stride, ir.Constant(word, row)) for row in range(ROWS)]
            own = [builder.gep(values, [builder.mul(apart, ir.Constant(word, row))]) for row in range(ROWS)]
            zero, undefined = ir.Constant(vector, [0.0] * lanes), ir.Constant(loaded, ir.Undefined)
            everywhere = ir.Constant(ir.VectorType(narrow, lanes), [0] * lanes)

            def added(scale: Any, found: Any, total: Any) -> Any:
                if precision != "bfloat16":
                    return builder.call(fma, [scale, found, total])
                pairs = ir.VectorType(BFloat(), 2 * lanes)
                signature = ir.FunctionType(vector, [vector, pairs, pairs])
                dot = cgutils.get_or_insert_function(builder.module, signature, "llvm.x86.avx512bf16.dpbf16ps.512")
                return builder.call(dot, [total, builder.bitcast(scale, pairs), builder.bitcast(found, pairs)])

            before = builder.block
            test, body, done = (builder.function.append_basic_block(name) for name in ("test", "body", "done"))
            builder.branch(test)
            builder.position_at_end(test)
            k = builder.phi(word)
            k.add_incoming(ir.Constant(word, 0), before)
            totals = [[builder.phi(vector) for _ in range(groups)] for _ in range(ROWS)]
            for total in (total for row in totals for total in row):
                total.add_incoming(zero, before)
            builder.cbranch(builder.icmp_signed("<", k, count), body, done)
            builder.position_at_end(body)
            row = builder.bitcast(builder.gep(rows, [builder.mul(k, ir.Constant(word, WIDE))]), loaded.as_pointer())
            read = []
            for group in range(groups):
                read.append(builder.load(builder.gep(row, [ir.Constant(word, group)])))
                read[-1].align = align
            for mine, place in zip(totals, own, strict=True):
                scale = builder.insert_element(undefined, builder.load(builder.gep(place, [k])), ir.Constant(narrow, 0))
                scale = builder.shuffle_vector(scale, undefined, everywhere)
                for total, found in zip(mine, read, strict=True):
                    total.add_incoming(added(scale, found, total), body)
            k.add_incoming(builder.add(k, ir.Constant(word, 1)), body)
            builder.branch(test)
            builder.position_at_end(done)
            for mine, shift in zip(totals, shifts, strict=True):
                place = builder.bitcast(builder.gep(results, [shift]), vector.as_pointer())
                for group, total in enumerate(mine):
                    builder.store(total, builder.gep(place, [ir.Constant(word, group)])).align = align
            return context.get_dummy_value()

        address, count_ = types.uint64, types.int64
        return types.void(address, address, count_, count_, address, count_), generate

    return dense_sums


@intrinsic
def halve(typingctx: Any, x: Any, out: Any) -> Any:
    """out[:] = 16 numbers of float32 at x as bfloat16, by addresses: rounded to the nearest, to even where two are."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        x, out = args
        numbers, halves = ir.VectorType(ir.FloatType(), 16), ir.VectorType(BFloat(), 16)
        found = builder.load(builder.inttoptr(x, numbers.as_pointer()))
        found.align = 4
        builder.store(builder.fptrunc(found, halves), builder.inttoptr(out, halves.as_pointer())).align = 2
        return context.get_dummy_value()

    return types.void(types.uint64, types.uint64), generate


@functools.cache
def _turn_of(precision: str) -> Any:
    lanes = {"float32": 16, "float64": 8}[precision]

    @intrinsic
    def turn(typingctx: Any, matrix: Any, stride: Any, out: Any, out_stride: Any) -> Any:
        """out[k, r] = matrix[r, k] for a square as wide as a register, rows that lie strides apart, by addresses."""

        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            matrix, stride, out, out_stride = args
            number = {"float32": ir.FloatType(), "float64": ir.DoubleType()}[precision]
            narrow, word, vector = ir.IntType(32), ir.IntType(64), ir.VectorType(number, lanes)
            align = 4 if precision == "float32" else 8

            def row(base: Any, apart: Any, number_of_row: int) -> Any:
                place = builder.gep(base, [builder.mul(apart, ir.Constant(word, number_of_row))])
                return builder.bitcast(place, vector.as_pointer())

            source, target = (builder.inttoptr(place, number.as_pointer()) for place in (matrix, out))
            rows = []
            for k in range(lanes):
                rows.append(builder.load(row(source, stride, k)))
                rows[-1].align = align
            half = lanes // 2
            pattern = ir.VectorType(narrow, lanes)
            masks = [ir.Constant(pattern, [half * part + k // 2 + lanes * (k % 2) for k in range(lanes)]) for part in range(2)]
            # the perfect shuffle, as often as it takes until each number has gone from its row to its column
            for _ in range(lanes.bit_length() - 1):
                pairs = [(rows[k], rows[k + half]) for k in range(half)]
                rows = [builder.shuffle_vector(a, b, mask) for a, b in pairs for mask in masks]
            for k, found in enumerate(rows):
                builder.store(found, row(target, out_stride, k)).align = align
            return context.get_dummy_value()

        address, count = types.uint64, types.int64
        return types.void(address, count, address, count), generate

    return turn


@functools.cache
def _places_of(precision: str) -> Any:
    lanes = {"float32": 16, "float64": 8}[precision]

    @intrinsic
    def places(typingctx: Any, x: Any, first: Any, index: Any, value: Any) -> Any:
        """How many of a register's worth of numbers at x are not 0; index[...] = first + k and value[...] = x[k] of those, by
        addresses. Both are written for a whole register, whatever was found."""

        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            x, first, index, value = args
            number = {"float32": ir.FloatType(), "float64": ir.DoubleType()}[precision]
            narrow, word, bits = ir.IntType(32), ir.IntType(64), ir.IntType(lanes)
            numbers, wholes, mask = (
                ir.VectorType(number, lanes),
                ir.VectorType(narrow, lanes),
                ir.VectorType(ir.IntType(1), lanes),
            )

            def packed(vector: Any, kind: str) -> Any:
                name = f"llvm.experimental.vector.compress.v{lanes}{kind}"
                signature = ir.FunctionType(vector.type, [vector.type, mask, vector.type])
                function = cgutils.get_or_insert_function(builder.module, signature, name)
                return builder.call(function, [vector, some, ir.Constant(vector.type, ir.Undefined)])

            found = builder.load(builder.inttoptr(x, numbers.as_pointer()))
            found.align = 4 if precision == "float32" else 8
            some = builder.fcmp_unordered("!=", found, ir.Constant(numbers, [0.0] * lanes))
            before = builder.block
            body, done = (builder.function.append_basic_block(name) for name in ("some", "done"))
            held = builder.bitcast(some, bits)
            builder.cbranch(builder.icmp_unsigned("==", held, ir.Constant(bits, 0)), done, body)
            builder.position_at_end(body)
            undefined = ir.Constant(wholes, ir.Undefined)
            begun = builder.insert_element(undefined, builder.trunc(first, narrow), ir.Constant(narrow, 0))
            begun = builder.shuffle_vector(begun, undefined, ir.Constant(wholes, [0] * lanes))
            own = builder.add(begun, ir.Constant(wholes, list(range(lanes))))
            builder.store(packed(own, "i32"), builder.inttoptr(index, wholes.as_pointer())).align = 4
            kind = "f32" if precision == "float32" else "f64"
            builder.store(packed(found, kind), builder.inttoptr(value, numbers.as_pointer())).align = found.align
            counted = cgutils.get_or_insert_function(
                builder.module, ir.FunctionType(bits, [bits]), f"llvm.ctpop.i{lanes}"
            )  # fmt: skip
            many = builder.zext(builder.call(counted, [held]), word)
            builder.branch(done)
            builder.position_at_end(done)
            count = builder.phi(word)
            count.add_incoming(ir.Constant(word, 0), before)
            count.add_incoming(many, body)
            return count

        address = types.uint64
        return types.int64(address, types.int64, address, address), generate

    return places


@functools.cache
def _others_of(precision: str) -> Any:
    lanes = {"float32": 16, "float64": 8}[precision]

    @intrinsic
    def others(typingctx: Any, x: Any) -> Any:
        """1 where some of a register's worth of numbers at the address x are neither 0 nor 1, else 0."""

        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            number = {"float32": ir.FloatType(), "float64": ir.DoubleType()}[precision]
            numbers, bits = ir.VectorType(number, lanes), ir.IntType(lanes)
            found = builder.load(builder.inttoptr(args[0], numbers.as_pointer()))
            found.align = 4 if precision == "float32" else 8
            apart = [builder.fcmp_unordered("!=", found, ir.Constant(numbers, [value] * lanes)) for value in (0.0, 1.0)]
            held = builder.bitcast(builder.and_(*apart), bits)
            return builder.zext(builder.icmp_unsigned("!=", held, ir.Constant(bits, 0)), ir.IntType(64))

        return types.int64(types.uint64), generate

    return others


row_sums32, row_sums64 = _of("float32"), _of("float64")
row_adds32, row_adds64 = _of("float32", valued=False), _of("float64", valued=False)
near_adds32, near_adds64 = _of("float32", valued=False, bits=8), _of("float64", valued=False, bits=8)
others32, others64 = _others_of("float32"), _others_of("float64")
dense_sums16, dense_sums32, dense_sums64 = _dense_of("bfloat16"), _dense_of("float32"), _dense_of("float64")
turn32, turn64 = _turn_of("float32"), _turn_of("float64")
places32, places64 = _places_of("float32"), _places_of("float64")
