"""One account's storage while a state is open: words over the trie as it was last folded."""

from devnet.chain.state.encoding import compute_slot_path, encode_number
from devnet.chain.state.node import Node


class Storage:
    """What was read or written so far; `written` may hold more than what differs after an undo."""

    __slots__ = ("trie", "words", "written")

    def __init__(self, trie: Node[int]) -> None:
        self.trie = trie
        self.words: dict[int, int] = {}
        self.written: dict[int, None] = {}  # slots in order

    def read(self, slot: int) -> int:
        """The word at a slot, 0 if there is none."""
        word = self.words.get(slot)
        if word is None:
            word = self.words[slot] = self.trie.get(compute_slot_path(slot)) or 0
        return word

    def fold(self) -> Node[int]:
        """Bring the trie up to date."""
        for slot in self.written:
            word, path = self.words.get(slot, 0), compute_slot_path(slot)
            if word:
                self.trie = self.trie.put(path, word, encode_number(word))
            else:
                self.trie = self.trie.delete(path)
        self.written = {}
        return self.trie
