"""Inference receipt: the record of one model call in a block; nothing in it depends on the host."""

from collections.abc import Sequence
from dataclasses import dataclass

from devnet.merkle import compute_root

_WORD = 32


@dataclass(frozen=True, slots=True)
class InferenceReceipt:
    """One model call: where in the chain, what ran, on what, with which result."""

    block_number: int
    transaction_hash: bytes
    transaction_index: int
    call_index: int  # of the inferences in this transaction, in order of execution
    caller: bytes  # 20 bytes
    model_id: bytes
    mode: int
    input_digest: bytes  # keccak of abi.encode(Tensor[]) of the inputs
    output_digest: bytes
    gas: int
    reverted: bool  # its frame, or one above it, failed later


def encode_receipt(receipt: InferenceReceipt) -> bytes:
    """The fields as eleven 32-byte words, so a contract can rebuild the leaf with abi.encode."""
    words = (
        receipt.block_number,
        receipt.transaction_hash,
        receipt.transaction_index,
        receipt.call_index,
        receipt.caller,
        receipt.model_id,
        receipt.mode,
        receipt.input_digest,
        receipt.output_digest,
        receipt.gas,
        int(receipt.reverted),
    )
    return b"".join(
        word.to_bytes(_WORD, "big") if isinstance(word, int) else word.rjust(_WORD, b"\0")
        for word in words
    )


def compute_inference_root(receipts: Sequence[InferenceReceipt]) -> bytes:
    """Merkle root of a block's receipts: the 32 bytes in the header's `extraData`."""
    return compute_root([encode_receipt(receipt) for receipt in receipts])
