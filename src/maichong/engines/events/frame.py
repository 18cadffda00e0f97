"""How a kernel reads its arguments: numbers and arrays whose addresses stand in its frame, one word of 64 bits after another.

They are one instruction each to Numba, which works out types call by call: written with ``carray`` and subscripts, twenty arguments
took longer to compile than what is done with them.
"""

from __future__ import annotations

from llvmlite import ir
from numba import types
from numba.core.typing.npydecl import parse_dtype
from numba.extending import intrinsic
from numba.np.arrayobj import make_array, populate_array

WORD = ir.IntType(64)


@intrinsic
def word_at(typingctx, frame, slot):
    """The whole number that stands at ``slot``."""

    def codegen(context, builder, signature, args):
        return _word(builder, *args)

    return types.int64(types.int64, types.int64), codegen


@intrinsic
def number_at(typingctx, frame, slot, kind):
    """The number of the NumPy type ``kind`` whose address stands at ``slot``."""
    number = parse_dtype(kind)

    def codegen(context, builder, signature, args):
        return builder.load(builder.inttoptr(_word(builder, *args[:2]), context.get_data_type(number).as_pointer()))

    return number(types.int64, types.int64, kind), codegen  # pyright: ignore[reportOptionalCall]


@intrinsic
def array_at(typingctx, frame, slot, kind):
    """The array of the NumPy type ``kind`` whose address stands at ``slot`` and whose size behind it."""
    array = types.Array(parse_dtype(kind), 1, "C")

    def codegen(context, builder, signature, args):
        address, size = _word(builder, *args[:2]), _word(builder, args[0], builder.add(args[1], ir.Constant(WORD, 1)))
        data = context.get_data_type(array.dtype)
        width = ir.Constant(WORD, context.get_abi_sizeof(data))
        made = make_array(array)(context, builder)
        populate_array(
            made,
            data=builder.inttoptr(address, data.as_pointer()),
            shape=(size,),
            strides=(width,),
            itemsize=width,
            meminfo=None,
        )
        return made._getvalue()

    return array(types.int64, types.int64, kind), codegen


def _word(builder, frame, slot):
    return builder.load(builder.gep(builder.inttoptr(frame, WORD.as_pointer()), [slot]))
