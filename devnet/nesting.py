"""Depth of JSON text, checked before a parser recurses into it.

py-evm raises Python's recursion limit for its own call depth, so a parser that recurses in C would
overflow the stack and take the process with it.
"""

import re

MAX_DEPTH = 64  # brackets open at once
# An open string runs to the end, and nothing is tried twice: hostile text takes linear time too.
_TOKEN = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)|[\[{]|[\]}]', re.DOTALL)


def is_too_deep(text: str, limit: int = MAX_DEPTH) -> bool:
    """Whether more than `limit` brackets are open at once, strings left out."""
    depth = 0
    for match in _TOKEN.finditer(text):
        token = match[0]
        if token in "[{":
            depth += 1
            if depth > limit:
                return True
        elif token in "]}":
            depth -= 1
    return False
