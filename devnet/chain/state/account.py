"""An account as the state trie holds it: immutable, its storage a trie of its own."""

from typing import NamedTuple

from devnet.chain.state.encoding import encode_list, encode_number, encode_string
from devnet.chain.state.node import Node
from devnet.chain.state.trie import EMPTY
from precompiles.digest import compute_keccak

NO_CODE = compute_keccak(b"")


class Account(NamedTuple):
    """Nonce, balance in wei, storage words by slot, hash of the code."""

    nonce: int = 0
    balance: int = 0
    storage: Node[int] = EMPTY
    code_hash: bytes = NO_CODE

    @property
    def is_empty(self) -> bool:
        """Whether EIP-161 would clear it."""
        return not self.nonce and not self.balance and self.code_hash == NO_CODE


BLANK = Account()


def encode_account(account: Account) -> bytes:
    """RLP of nonce, balance, storage root and code hash."""
    return encode_list(
        encode_number(account.nonce)
        + encode_number(account.balance)
        + encode_string(account.storage.root)
        + encode_string(account.code_hash)
    )
