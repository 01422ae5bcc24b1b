"""Files of blocks: their RLP one after another, as geth exports and imports; gzip is read too."""

import gzip
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path

import rlp

from devnet.chain.body import Block, decode_block, encode_block
from devnet.errors import BadBlock, ConfigError

_GZIP = b"\x1f\x8b"


def load_chain(path: Path) -> Iterator[Block]:
    """The blocks of a file in order, decoded as they are asked for.

    Raises: ConfigError if the file cannot be read; BadBlock where a block does not decode.
    """
    for item in split_blocks(read_chain(path)):
        yield decode_block(item)


def read_chain(path: Path) -> bytes:
    """The bytes of a file, unpacked. Raises: ConfigError if it cannot be read."""
    try:
        raw = path.read_bytes()
        if raw.startswith(_GZIP):
            return gzip.decompress(raw)
    except (OSError, EOFError, zlib.error) as fault:
        raise ConfigError(f"cannot read chain {path}: {fault}") from fault
    return raw


def split_blocks(raw: bytes) -> Iterator[bytes]:
    """The bytes of each block. Raises: BadBlock if the end is not the end of a block."""
    start = 0
    while start < len(raw):
        try:
            _, _, length, payload = rlp.codec.consume_length_prefix(raw, start)
        except (rlp.exceptions.RLPException, IndexError) as broken:
            raise BadBlock(f"no block at byte {start}: {broken}") from broken
        end = payload + length
        if end > len(raw):
            raise BadBlock(f"the block at byte {start} ends at {end}, the file at {len(raw)}")
        yield raw[start:end]
        start = end


def dump_chain(path: Path, blocks: Iterable[Block]) -> None:
    """Write blocks to a file."""
    path.write_bytes(b"".join(encode_block(block) for block in blocks))
