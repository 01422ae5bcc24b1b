"""The account database under a running EVM: dictionaries over a trie, and an undo log.

Offers what py-evm's `AccountDatabaseAPI` asks for. Opening one costs the same whatever the state
holds, and nobody sees what it changes before it is persisted.
"""

from collections.abc import Iterator

from eth_utils.exceptions import ValidationError

from devnet.chain.state.account import BLANK, NO_CODE, Account, encode_account
from devnet.chain.state.archive import Archive
from devnet.chain.state.encoding import compute_address_path
from devnet.chain.state.storage import Storage
from devnet.chain.state.trie import EMPTY
from devnet.chain.state.undo import UndoLog
from precompiles.digest import compute_keccak

_ADDRESS_BYTES = 20
_WORDS = 2**256
_NONCES = 2**64


class AccountDatabase:
    """One state, open for execution; not for two threads at once."""

    def __init__(self, archive: Archive, root: bytes) -> None:
        self._archive = archive
        self._trie = archive.get_state(root)
        self._accounts: dict[bytes, Account | None] = {}  # None: there is no such account
        self._storages: dict[bytes, Storage] = {}
        self._undo = UndoLog()
        # since the last root
        self._written_accounts: dict[bytes, None] = {}
        self._written_storages: dict[bytes, None] = {}
        # since the last publication
        self._codes: dict[bytes, bytes] = {}
        self._addresses: dict[bytes, None] = {}
        self._slots: dict[int, None] = {}
        # of the transaction
        self._originals: dict[tuple[bytes, int], int] = {}
        self._warm: dict[bytes | tuple[bytes, int], None] = {}
        self._transient: dict[tuple[bytes, int], bytes] = {}

    # accounts

    def get_balance(self, address: bytes) -> int:
        return (self._find(address) or BLANK).balance

    def set_balance(self, address: bytes, balance: int) -> None:
        if not 0 <= balance < _WORDS:
            raise _refuse("balance", balance)
        old = self._find(address) or BLANK
        self._write(address, Account(old.nonce, balance, old.storage, old.code_hash))

    def get_nonce(self, address: bytes) -> int:
        return (self._find(address) or BLANK).nonce

    def set_nonce(self, address: bytes, nonce: int) -> None:
        if not 0 <= nonce < _NONCES:
            raise _refuse("nonce", nonce)
        old = self._find(address) or BLANK
        self._write(address, Account(nonce, old.balance, old.storage, old.code_hash))

    def increment_nonce(self, address: bytes) -> None:
        self.set_nonce(address, self.get_nonce(address) + 1)

    def get_code(self, address: bytes) -> bytes:
        code_hash = (self._find(address) or BLANK).code_hash
        if code_hash == NO_CODE:
            return b""
        code = self._codes.get(code_hash)
        return self._archive.get_code(code_hash) if code is None else code

    def get_code_hash(self, address: bytes) -> bytes:
        return (self._find(address) or BLANK).code_hash

    def set_code(self, address: bytes, code: bytes) -> None:
        code_hash = compute_keccak(code)
        self._undo.write(self._codes, code_hash, code)
        self._write_code_hash(address, code_hash)

    def delete_code(self, address: bytes) -> None:
        self._write_code_hash(address, NO_CODE)

    def iterate_words(self, address: bytes) -> Iterator[tuple[int, int]]:
        """Slot and word of an account, in order of the slot's hash; makes the root first."""
        self.make_state_root()
        account = self._find(address)
        return self._archive.iterate_words(account) if account else iter(())

    def account_exists(self, address: bytes) -> bool:
        return self._find(address) is not None

    def account_is_empty(self, address: bytes) -> bool:
        return (self._find(address) or BLANK).is_empty

    def account_has_code_or_nonce(self, address: bytes) -> bool:
        account = self._find(address) or BLANK
        return account.nonce != 0 or account.code_hash != NO_CODE

    def is_occupied(self, address: bytes) -> bool:
        """Whether no contract can be created here: code, nonce or storage (EIP-684, 7610)."""
        account = self._find(address) or BLANK
        return self.account_has_code_or_nonce(address) or account.storage.root != EMPTY.root

    def touch_account(self, address: bytes) -> None:
        """Make the account be there, empty if it was not."""
        if self._find(address) is None:
            self._write(address, BLANK)

    def delete_account(self, address: bytes) -> None:
        """Remove the account and its storage."""
        self._write(address, None)
        self._replace_storage(address)

    # storage

    def get_storage(self, address: bytes, slot: int, from_journal: bool = True) -> int:
        """A word; with `from_journal=False` as it was before this transaction."""
        if not from_journal:
            original = self._originals.get((address, slot))
            if original is not None:
                return original
        return (self._storages.get(address) or self._open_storage(address)).read(slot)

    def set_storage(self, address: bytes, slot: int, value: int) -> None:
        if not 0 <= slot < _WORDS:
            raise _refuse("slot", slot)
        if not 0 <= value < _WORDS:
            raise _refuse("storage value", value)
        storage = self._storages.get(address) or self._open_storage(address)
        old = storage.read(slot)
        if (address, slot) not in self._originals:
            self._undo.write(self._originals, (address, slot), old)
        self._undo.write(storage.words, slot, value)
        storage.written[slot] = None
        self._written_storages[address] = None

    def delete_storage(self, address: bytes) -> None:
        """Remove all words; the account is there afterwards, as in py-evm."""
        old = self._find(address) or BLANK
        self._write(address, Account(old.nonce, old.balance, EMPTY, old.code_hash))
        self._replace_storage(address)

    def get_transient_storage(self, address: bytes, slot: int) -> bytes:
        return self._transient.get((address, slot), b"")

    def set_transient_storage(self, address: bytes, slot: int, value: bytes) -> None:
        self._undo.write(self._transient, (address, slot), value)

    def clear_transient_storage(self) -> None:
        self._transient = {}

    # warmth, of EIP-2929

    def is_address_warm(self, address: bytes) -> bool:
        return address in self._warm

    def mark_address_warm(self, address: bytes) -> None:
        if address not in self._warm:
            self._undo.write(self._warm, address, None)

    def is_storage_warm(self, address: bytes, slot: int) -> bool:
        return (address, slot) in self._warm

    def mark_storage_warm(self, address: bytes, slot: int) -> None:
        if (address, slot) not in self._warm:
            self._undo.write(self._warm, (address, slot), None)

    # checkpoints

    def record(self) -> int:
        """A checkpoint; it costs nothing and need not be given back."""
        return self._undo.record()

    def discard(self, checkpoint: int) -> None:
        """Go back to a checkpoint. Raises: ValueError if it was passed or made final."""
        self._undo.discard(checkpoint)

    def commit(self, checkpoint: int) -> None:
        """Nothing to do: an outer checkpoint can still undo it."""

    def lock_changes(self) -> None:
        """Begin a transaction: what was done is final, nothing is warm."""
        self._undo.forget()
        self._originals = {}
        self._warm = {}

    # roots

    @property
    def state_root(self) -> bytes:
        """Root as `make_state_root` last found it."""
        return self._trie.root

    def has_root(self, state_root: bytes) -> bool:
        return state_root in self._archive

    def make_state_root(self) -> bytes:
        """Fold what was written into the trie; it is final then."""
        for address in self._written_storages:
            self._fold_storage(address)
        for address in self._written_accounts:
            account, path = self._find(address), compute_address_path(address)
            if account is None:
                self._trie = self._trie.delete(path)
            else:
                self._trie = self._trie.put(path, account, encode_account(account))
        self._addresses.update(self._written_accounts)
        self._written_storages, self._written_accounts, self._originals = {}, {}, {}
        self._undo.forget()
        return self._trie.root

    def persist(self) -> None:
        """Make the root and let others open it."""
        self.make_state_root()
        self._archive.publish(self._trie, self._codes, self._addresses, self._slots)
        self._codes, self._addresses, self._slots = {}, {}, {}

    def _fold_storage(self, address: bytes) -> None:
        storage = self._storages.get(address)
        if storage is None:  # a deletion that was undone
            return
        self._slots.update(storage.written)
        trie = storage.fold()
        old = self._find(address) or BLANK
        if trie is not old.storage:  # py-evm too makes an account of storage that has none
            self._write(address, Account(old.nonce, old.balance, trie, old.code_hash))

    def _find(self, address: bytes) -> Account | None:
        try:
            return self._accounts[address]
        except KeyError:
            account = self._accounts[address] = self._trie.get(compute_address_path(address))
            return account

    def _write(self, address: bytes, account: Account | None) -> None:
        if len(address) != _ADDRESS_BYTES:
            raise _refuse("address", address)
        self._undo.write(self._accounts, address, account)
        self._written_accounts[address] = None

    def _write_code_hash(self, address: bytes, code_hash: bytes) -> None:
        old = self._find(address) or BLANK
        self._write(address, Account(old.nonce, old.balance, old.storage, code_hash))

    def _open_storage(self, address: bytes) -> Storage:
        storage = self._storages[address] = Storage((self._find(address) or BLANK).storage)
        return storage

    def _replace_storage(self, address: bytes) -> None:
        self._undo.write(self._storages, address, Storage(EMPTY))
        self._written_storages[address] = None


def _refuse(what: str, value: object) -> ValidationError:
    return ValidationError(f"{what} out of range: {value!r}")
