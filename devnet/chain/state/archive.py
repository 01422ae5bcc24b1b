"""Every state that was published, by its root, and what the hashes in them stand for.

States share what they have in common, so a block costs what it changed. With a store, what was
kept is on disk, and memory holds what was used lately.
"""

from collections import ChainMap
from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from copy import copy

from devnet.chain.state.account import Account, encode_account
from devnet.chain.state.difference import iterate_changes
from devnet.chain.state.encoding import compute_address_path, compute_slot_path, join_nibbles
from devnet.chain.state.node import Node
from devnet.chain.state.node_store import NodeStore
from devnet.chain.state.stored import Loader, build_account_decoder, decode_word, take_new
from devnet.chain.state.trie import EMPTY

_KEPT_STATES = 64  # in memory, if there is a store
_MAX_NODES = 50_000  # in memory, some 400 bytes each, if there is a store
_MAX_CODES = 1_000


class Archive:
    """Tries by root, codes by hash; addresses and slots that were ever written."""

    def __init__(self, store: NodeStore | None = None) -> None:
        self._states: MutableMapping[bytes, Node[Account]] = {EMPTY.root: EMPTY}
        self._codes: MutableMapping[bytes, bytes] = {}
        self._addresses: MutableMapping[bytes, None] = {}
        self._slots: MutableMapping[int, None] = {}
        self.store = store
        if store is not None:
            self._words = Loader(store.get, decode_word)
            self._accounts = Loader(store.get, build_account_decoder(self._words))
            self._new_codes: dict[bytes, bytes] = {}
            self._fresh = 0  # nodes that came into memory by writing

    def branch(self) -> "Archive":
        """All that is here, now and later; what the branch publishes stays in the branch."""
        branch = copy(self)
        branch._states = ChainMap({}, self._states)
        branch._codes = ChainMap({}, self._codes)
        branch._addresses = ChainMap({}, self._addresses)
        branch._slots = ChainMap({}, self._slots)
        branch._new_codes = {}
        return branch

    def __contains__(self, root: bytes) -> bool:
        if root in self._states:
            return True
        return self.store is not None and self.store.find(root) is not None

    def get_state(self, root: bytes) -> Node[Account]:
        """Raises: KeyError."""
        state = self._states.get(root)
        if state is not None:
            return state
        if self.store is None or self.store.find(root) is None:
            raise KeyError(root)
        return self._states.setdefault(root, self._accounts.open(root))

    def get_code(self, code_hash: bytes) -> bytes:
        """Raises: KeyError, StoreError."""
        code = self._codes.get(code_hash)
        if code is not None or self.store is None:
            return self._codes[code_hash] if code is None else code
        return self._codes.setdefault(code_hash, self.store.get(code_hash))

    def publish(
        self,
        state: Node[Account],
        codes: Mapping[bytes, bytes],
        addresses: Iterable[bytes],
        slots: Iterable[int],
    ) -> None:
        """Let others open a state, and find what its hashes stand for where that may be new."""
        self._states.setdefault(state.root, state)
        self._codes.update(codes)
        self._addresses.update(dict.fromkeys(addresses))
        self._slots.update(dict.fromkeys(slots))
        if self.store is not None:
            self._new_codes.update(codes)

    def keep(self, root: bytes, number: int, block_hash: bytes) -> None:
        """Write the state of an accepted block to the store, if any. Raises: StoreError."""
        if self.store is None:
            return
        nodes = list(take_new(self._states[root])) if root in self._states else []
        addresses = [(join_nibbles(compute_address_path(a)), a) for a in self._addresses]
        slots = [(join_nibbles(compute_slot_path(s)), s.to_bytes(32, "big")) for s in self._slots]
        self.store.write([*nodes, *self._new_codes.items()], addresses + slots)
        self.store.accept(number, block_hash)
        self._new_codes, self._addresses, self._slots = {}, {}, {}
        self._fresh += len(nodes)
        self._shrink(root)

    def freeze(self) -> "Archive":
        """The same states, which it keeps when this one forgets some; copies nothing."""
        return copy(self)

    def forget(self, roots: Iterable[bytes]) -> None:
        """Let go of states; what no other one shares is freed. The empty state stays."""
        states = dict(self._states)  # what was there stays with whoever was frozen
        for root in roots:
            if root != EMPTY.root:
                states.pop(root, None)
        self._states = states

    def iterate_accounts(self, root: bytes) -> Iterator[tuple[bytes, Account]]:
        """Address and account, in order of the address's hash."""
        known = {compute_address_path(address): address for address in list(self._addresses)}
        for path, account in self.get_state(root).iterate():
            yield known.get(path) or self._find_preimage(path), account

    def iterate_words(self, account: Account) -> Iterator[tuple[int, int]]:
        """Slot and word of an account, in order of the slot's hash."""
        known = {compute_slot_path(slot): slot for slot in list(self._slots)}
        for path, word in account.storage.iterate():
            slot = known.get(path)
            yield int.from_bytes(self._find_preimage(path), "big") if slot is None else slot, word

    def iterate_changed(self, old_root: bytes, new_root: bytes) -> Iterator[bytes]:
        """Addresses that are in the new state otherwise than in the old, in order of their hash."""
        known = {compute_address_path(address): address for address in list(self._addresses)}
        old, new = self.get_state(old_root), self.get_state(new_root)
        for path, before, after in iterate_changes(old, new):
            if before is None or encode_account(before) != encode_account(after):
                yield known.get(path) or self._find_preimage(path)

    def iterate_nodes(self) -> Iterator[tuple[bytes, bytes]]:
        """Hash and encoding of every node and code: what a database of any client would hold."""
        seen: set[bytes] = set()
        pending: list[Node[Account] | Node[int]] = []
        for state in list(self._states.values()):
            pending.append(state)
            while pending:
                node = pending.pop()
                if node.root in seen:
                    continue
                seen.add(node.root)
                yield node.root, node.encode()
                pending.extend(child for _, child in node.get_children())
                value = node.get_value()
                if isinstance(value, Account):
                    pending.append(value.storage)
        yield from list(self._codes.items())
        if self.store is not None:
            yield from (pair for pair in self.store.iterate() if pair[0] not in seen)

    def _find_preimage(self, path: bytes) -> bytes:
        found = self.store and self.store.find_preimage(join_nibbles(path))
        if not found:
            raise KeyError(path)
        return found

    def _shrink(self, root: bytes) -> None:
        """Bound what is in memory; only the thread that writes may do it."""
        if self._fresh + self._words.loaded + self._accounts.loaded > _MAX_NODES:
            self._states = {EMPTY.root: EMPTY, root: self._accounts.open(root)}
            self._fresh = self._words.loaded = self._accounts.loaded = 0
        for old in list(self._states)[:-_KEPT_STATES]:
            self._states.pop(old, None)
        if len(self._codes) > _MAX_CODES:
            self._codes = {}
