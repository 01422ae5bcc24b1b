"""Messages between a node and its EELS worker: JSON, bytes in hex, one on its way at a time.

Both sides read this file; it imports nothing but the standard library.

| from   | kind    | carries                                   | is answered with             |
|--------|---------|-------------------------------------------|------------------------------|
| worker | ready   | version of this table, of EELS            |                              |
| node   | load    | root, fork, accounts                      | loaded                       |
| node   | execute | block, parent, fork, what EELS cannot know | found, refused, unknown      |
| worker | call    | a call of a precompile of ours            | output, revert, halt, fatal  |
| node   | read    | address and slot, during a call           | word                         |
| worker | broken  | why it can do nothing                     |                              |
"""

import json
from typing import Any, TypeAlias

VERSION = 1
MAX_BYTES = 1 << 30  # of a message

Message: TypeAlias = dict[str, Any]


def encode(message: Message) -> bytes:
    """A message as it goes over the pipe."""
    return json.dumps(message, separators=(",", ":")).encode()


def decode(raw: bytes) -> Message:
    """Raises: ValueError for anything but an object with a kind."""
    message = json.loads(raw)
    if not isinstance(message, dict) or not isinstance(message.get("kind"), str):
        raise ValueError("a message is an object with a kind")
    return message
