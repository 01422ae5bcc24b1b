"""What a transaction must pay to take the place of another one of its sender and nonce.

Source: geth's `legacypool.list.Add` and `blobpool.validateTx`.
"""

from devnet.chain.sidecar import BLOB_TYPE
from devnet.chain.transaction import Transaction
from devnet.errors import FeeTooLow

BUMP_PERCENT = 10
BLOB_BUMP_PERCENT = 100  # where one of both carries blobs
_FEES = ("max_fee_per_gas", "max_priority_fee_per_gas")


def check_replacement(old: Transaction, new: Transaction) -> None:
    """Each fee must be higher, and by the full bump.

    Raises: FeeTooLow naming the fee and the least that would do.
    """
    kinds = (old.type_id, new.type_id)
    bump = BLOB_BUMP_PERCENT if BLOB_TYPE in kinds else BUMP_PERCENT
    fees = (*_FEES, "max_fee_per_blob_gas") if kinds == (BLOB_TYPE, BLOB_TYPE) else _FEES
    for fee in fees:
        before: int = getattr(old.evm, fee)
        least = max(before + 1, before * (100 + bump) // 100)
        offered = getattr(new.evm, fee)
        if offered < least:
            raise FeeTooLow(
                f"replacement transaction underpriced: {fee} {offered}, must be at least {least}"
            )
