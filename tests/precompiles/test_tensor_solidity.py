"""Tensor codec against Solidity's own decoder, compiled and run in the EVM.

`vectors/tensor_decoder.json` holds a contract that decodes its call data as `Tensor[]` and answers
with the encoding of what it read; its source and compiler stand beside it.
"""

import json
import math
from pathlib import Path
from typing import Any

import pytest
from eth.constants import BLANK_ROOT_HASH
from eth.db.atomic import AtomicDB
from eth.vm.execution_context import ExecutionContext
from eth.vm.forks.prague.state import PragueState
from eth.vm.message import Message
from eth.vm.transaction_context import BaseTransactionContext
from eth_abi.abi import decode
from eth_typing import Address
from hypothesis import given, settings
from hypothesis import strategies as st

from precompiles.errors import PrecompileError
from precompiles.tensor import MAX_RANK, DType, Tensor, decode_tensors, encode_tensors

VECTORS = Path(__file__).parents[1] / "vectors"
DECODER = bytes.fromhex(json.loads((VECTORS / "tensor_decoder.json").read_text())["runtime"])
GAS = 30_000_000
CALLER = Address(b"\xa1" * 20)
SIZES = {int(dtype): dtype.size_bytes for dtype in DType}


@pytest.fixture(scope="module")
def evm() -> PragueState:
    """A state with no account; the contract's code comes with each message."""
    numbers = ("timestamp", "block_number", "difficulty", "chain_id", "base_fee_per_gas")
    block: dict[str, Any] = dict.fromkeys((*numbers, "excess_blob_gas"), 0)
    block |= {"coinbase": CALLER, "mix_hash": bytes(32), "prev_hashes": (), "gas_limit": GAS}
    return PragueState(AtomicDB(), ExecutionContext(**block), BLANK_ROOT_HASH)


def decode_in_solidity(evm: Any, data: bytes) -> bytes | None:
    """The tensors encoded again, or nothing where Solidity reverts."""
    message = Message(GAS, CALLER, CALLER, 0, data, DECODER)
    context = BaseTransactionContext(0, CALLER)
    frame = evm.computation_class.apply_computation(evm, message, context)
    return None if frame.is_error else bytes(frame.output)


def is_typed(encoded: bytes) -> bool:
    """Whether what Solidity read are tensors: known dtype, rank in bounds, right length."""
    (batch,) = decode(["(uint8,uint32[],bytes)[]"], encoded)
    return all(
        code in SIZES and len(shape) <= MAX_RANK and len(data) == math.prod(shape) * SIZES[code]
        for code, shape, data in batch
    )


def assert_agreement(evm: Any, data: bytes) -> None:
    """Solidity decodes exactly what we decode, plus what is well formed but not typed."""
    theirs = decode_in_solidity(evm, data)
    try:
        assert encode_tensors(decode_tensors(data)) == theirs
    except PrecompileError:
        assert theirs is None or not is_typed(theirs)


@st.composite
def batches(draw: st.DrawFn) -> list[Tensor]:
    """Up to three tensors of any dtype, too small to outgrow the call data however they overlap."""
    batch = []
    for dtype in draw(st.lists(st.sampled_from(DType), max_size=3)):
        shape = tuple(draw(st.lists(st.integers(0, 3), max_size=2)))
        size = math.prod(shape) * dtype.size_bytes
        batch.append(Tensor(dtype, shape, draw(st.binary(min_size=size, max_size=size))))
    return batch


def pack_words(*words: int) -> bytes:
    return b"".join(word.to_bytes(32, "big") for word in words)


@settings(max_examples=300)
@given(batches(), st.data())
def test_we_accept_what_solidity_accepts(
    evm: Any, batch: list[Tensor], data: st.DataObject
) -> None:
    """Up to three words changed, the end cut or extended: both read equal tensors, or none."""
    call = bytearray(encode_tensors(batch))
    end = len(call)
    near = st.integers(0, end + 40) | st.integers(0, end // 32 + 1).map(lambda word: 32 * word)
    for _ in range(data.draw(st.integers(0, 3))):
        at = 32 * data.draw(st.integers(0, end // 32 - 1))
        call[at : at + 32] = pack_words(data.draw(near | st.integers(0, 2**256 - 1)))
    cut = data.draw(st.just(end) | st.integers(0, end))
    assert_agreement(evm, bytes(call[:cut]) + data.draw(st.binary(max_size=40)))


@settings(max_examples=50)
@given(st.permutations(range(3)), st.integers(0, 70), st.integers(0, 70), st.booleans())
def test_any_layout_inside_the_data_decodes(
    evm: Any, order: list[int], gap: int, tail: int, data_first: bool
) -> None:
    """Tensors in any order, unaligned, with gaps of rubbish, data before shape."""
    batch = [Tensor(DType.UINT8, (size + 1,), bytes([size] * (size + 1))) for size in range(3)]
    rubbish = b"\xee" * gap
    heads: dict[int, int] = {}
    body = bytes(3 * 32)
    for index in order:
        shape = pack_words(1, *batch[index].shape)
        content = pack_words(len(batch[index].data)) + batch[index].data
        first, second = (content, shape) if data_first else (shape, content)
        near, far = 96 + gap, 96 + gap + len(first) + gap
        offsets = (far, near) if data_first else (near, far)
        body += rubbish
        heads[index] = len(body)
        body += pack_words(2, *offsets) + rubbish + first + rubbish + second
    body = pack_words(*(heads[index] for index in range(3))) + body[96:] + b"\xee" * tail
    call = pack_words(32 + gap) + rubbish + pack_words(3) + body
    assert decode_tensors(call) == tuple(batch)
    assert_agreement(evm, call)


def test_two_tensors_may_share_their_bytes(evm: Any) -> None:
    """Equal offsets decode to equal tensors, as in Solidity."""
    tensor = Tensor(DType.UINT8, (3,), b"abc")
    call = pack_words(32, 2, 64, 64) + encode_tensors([tensor])[96:]
    assert decode_tensors(call) == (tensor, tensor)
    assert_agreement(evm, call)


def test_padding_is_neither_required_nor_read(evm: Any) -> None:
    """The data may end with its last byte, or with rubbish after it."""
    tensor = Tensor(DType.UINT8, (3,), b"abc")
    unpadded = encode_tensors([tensor])[:-29]
    for call in (unpadded, unpadded + b"\xff" * 29):
        assert decode_tensors(call) == (tensor,)
        assert_agreement(evm, call)
