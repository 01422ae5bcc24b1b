"""RLP, paths and accounts are encoded as everybody does."""

import eth.consensus  # noqa: F401  # py-evm has an import cycle that only this order resolves
import rlp
from eth.rlp.accounts import Account as StockAccount
from hypothesis import example, given
from hypothesis import strategies as st
from trie.utils.nibbles import bytes_to_nibbles
from trie.utils.nodes import compute_extension_key, compute_leaf_key

from devnet.chain.state.account import BLANK, Account, encode_account
from devnet.chain.state.encoding import (
    EMPTY_STRING,
    compute_address_path,
    compute_slot_path,
    encode_list,
    encode_number,
    encode_path,
    encode_string,
    split_nibbles,
)
from devnet.chain.state.trie import EMPTY
from precompiles.digest import compute_keccak

DATA = st.one_of(st.binary(max_size=70), st.integers(0, 70_000).map(lambda size: b"x" * size))


@given(items=st.lists(DATA, max_size=5), number=st.integers(0, 2**256))
@example(items=[b"\0", b"\x7f", b"\x80", b"", b"x" * 55, b"x" * 56, b"x" * 65_536], number=0)
def test_rlp_is_that_of_the_library(items: list[bytes], number: int) -> None:
    """Strings and lists around every length that changes the prefix."""
    assert encode_list(b"".join(map(encode_string, items))) == rlp.encode(items)
    assert encode_number(number) == rlp.encode(number)
    assert encode_string(b"") == EMPTY_STRING


@given(key=st.binary(max_size=40), odd=st.booleans())
def test_paths_are_encoded_as_in_py_evm(key: bytes, odd: bool) -> None:
    """Hex-prefix, for leaves and extensions, of even and odd length."""
    path = split_nibbles(key)
    assert tuple(path) == bytes_to_nibbles(key)
    path = path[odd:]
    assert encode_path(path, is_leaf=True) == compute_leaf_key(tuple(path))
    assert encode_path(path, is_leaf=False) == compute_extension_key(tuple(path))


@given(address=st.binary(min_size=20, max_size=20), slot=st.integers(0, 2**256 - 1))
def test_keys_are_hashed(address: bytes, slot: int) -> None:
    """A state is keyed by the hash of the address, a storage by the hash of the word."""
    assert compute_address_path(address) == split_nibbles(compute_keccak(address))
    assert compute_slot_path(slot) == split_nibbles(compute_keccak(slot.to_bytes(32, "big")))


@given(
    nonce=st.integers(0, 2**64 - 1),
    balance=st.integers(0, 2**256 - 1),
    word=st.integers(1, 2**256 - 1),
    code=st.binary(max_size=5),
)
def test_account_is_encoded_as_in_py_evm(nonce: int, balance: int, word: int, code: bytes) -> None:
    """Nonce, balance, storage root, code hash."""
    storage = EMPTY.put(compute_slot_path(1), word, encode_number(word))
    account = Account(nonce, balance, storage, compute_keccak(code))
    stock = StockAccount(nonce, balance, storage.root, compute_keccak(code))
    assert encode_account(account) == rlp.encode(stock)
    assert encode_account(BLANK) == rlp.encode(StockAccount())
