"""Every state that was published, by its root, and what the hashes in them stand for.

States share what they have in common, so a block costs what it changed. The seam for a durable
store: a root that is not in memory would be looked for here.
"""

from collections.abc import Iterable, Iterator, Mapping

from devnet.chain.state.account import Account, encode_account
from devnet.chain.state.difference import iterate_changes
from devnet.chain.state.encoding import compute_address_path, compute_slot_path
from devnet.chain.state.trie import EMPTY, Node


class Archive:
    """Tries by root, codes by hash; addresses and slots that were ever written."""

    def __init__(self) -> None:
        self._states: dict[bytes, Node[Account]] = {EMPTY.root: EMPTY}
        self._codes: dict[bytes, bytes] = {}
        self._addresses: dict[bytes, None] = {}
        self._slots: dict[int, None] = {}

    def __contains__(self, root: bytes) -> bool:
        return root in self._states

    def get_state(self, root: bytes) -> Node[Account]:
        """Raises: KeyError."""
        return self._states[root]

    def get_code(self, code_hash: bytes) -> bytes:
        """Raises: KeyError."""
        return self._codes[code_hash]

    def publish(
        self,
        state: Node[Account],
        codes: Mapping[bytes, bytes],
        addresses: Iterable[bytes],
        slots: Iterable[int],
    ) -> None:
        """Keep a state, and what its hashes stand for where that may be new."""
        self._states.setdefault(state.root, state)
        self._codes.update(codes)
        self._addresses.update(dict.fromkeys(addresses))
        self._slots.update(dict.fromkeys(slots))

    def forget(self, roots: Iterable[bytes]) -> None:
        """Let go of states; what no other one shares is freed. The empty state stays."""
        for root in roots:
            if root != EMPTY.root:
                self._states.pop(root, None)

    def iterate_accounts(self, root: bytes) -> Iterator[tuple[bytes, Account]]:
        """Address and account, in order of the address's hash."""
        known = {compute_address_path(address): address for address in list(self._addresses)}
        for path, account in self._states[root].iterate():
            yield known[path], account

    def iterate_words(self, account: Account) -> Iterator[tuple[int, int]]:
        """Slot and word of an account, in order of the slot's hash."""
        known = {compute_slot_path(slot): slot for slot in list(self._slots)}
        for path, word in account.storage.iterate():
            yield known[path], word

    def iterate_changed(self, old_root: bytes, new_root: bytes) -> Iterator[bytes]:
        """Addresses that are in the new state otherwise than in the old, in order of their hash."""
        known = {compute_address_path(address): address for address in list(self._addresses)}
        old, new = self._states[old_root], self._states[new_root]
        for path, before, after in iterate_changes(old, new):
            if before is None or encode_account(before) != encode_account(after):
                yield known[path]

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
                value = getattr(node, "value", None)
                if isinstance(value, Account):
                    pending.append(value.storage)
        yield from list(self._codes.items())
