"""Messages as bytes: a version, a kind, and the fields as canonical CBOR.

| bytes | hold                                                             |
|-------|------------------------------------------------------------------|
| 0     | version of this format; another one is refused                   |
| 1     | kind of message, as `KINDS` numbers them                         |
| 2 ... | CBOR array of the fields, without tags, floats and open lengths  |

A message has one encoding: bytes that another encoder would have made otherwise are refused.
"""

from collections.abc import Callable
from functools import cache
from typing import Any, NoReturn

import cbor2
from cattrs import Converter

from devnet.consensus.participation.host import Status
from devnet.consensus.tendermint.message import Precommit, Prevote
from devnet.errors import BadMessage
from devnet.processes.message import (
    BlockWanted,
    Decided,
    Introduced,
    Message,
    ModelsHeld,
    Proposed,
    Report,
    ReportWanted,
    Transactions,
)
from devnet.record import UNREADABLE, build_converter
from devnet.validators.download import PART_BYTES, ModelPart, ModelWanted

VERSION = 3
KINDS: tuple[type[Any], ...] = (
    Proposed,
    Prevote,
    Precommit,
    Status,
    Decided,
    Transactions,
    BlockWanted,
    ModelsHeld,
    ModelWanted,
    ModelPart,
    Introduced,
    ReportWanted,
    Report,
)
_SMALL, _LARGE = 4_096, 15 << 20
_MAX_BYTES = {  # of a message, where it may be more than a small one
    Proposed: _LARGE,
    Decided: _LARGE,
    Transactions: _LARGE,
    ModelPart: PART_BYTES + _SMALL,
    ModelsHeld: 1 << 20,
    Report: 1 << 20,
}
_WORDS = (
    *("value", "block_hash", "head_hash", "state_root"),
    *("fingerprint", "model_id", "model_ids"),
)
_WIDTHS = {  # bytes of a field, or of each item in it
    **dict.fromkeys(("validator", "address"), 20),
    **dict.fromkeys(_WORDS, 32),
    "signature": 65,
}
_MAX_DEPTH = 8  # of nested arrays
_MAX_NUMBER = 2**63 - 1
_NO_ROUND = -1  # the only negative number there is
_TAGS = (*range(64), 100, *range(256, 273), 1004, 43_000, 55_799)


def encode(message: Message) -> bytes:
    """The bytes of a message. Raises: BadMessage if it is larger than a peer would take."""
    kind = type(message)
    head = bytes((VERSION, KINDS.index(kind)))
    data = head + cbor2.dumps(_build_converter().unstructure(message))
    _check_size(data, kind)
    return data


def decode(data: bytes) -> Message:
    """The message of these bytes. Raises: BadMessage saying what is wrong with them."""
    if len(data) < 2:
        raise BadMessage(f"{len(data)} bytes are no message")
    if data[0] != VERSION:
        raise BadMessage(f"format {data[0]}, this version reads {VERSION}")
    if data[1] >= len(KINDS):
        raise BadMessage(f"kind {data[1]}, the last one known is {len(KINDS) - 1}")
    kind = KINDS[data[1]]
    _check_size(data, kind)
    try:
        parts = cbor2.loads(
            data[2:],
            tag_hook=_refuse_tag,
            semantic_decoders=_refuse_tags(),
            max_depth=_MAX_DEPTH,
            allow_indefinite=False,
        )
        message: Message = _build_converter().structure(parts, kind)
    except BadMessage:
        raise
    except UNREADABLE as broken:
        raise BadMessage(f"no {kind.__name__}: {type(broken).__name__}: {broken}") from broken
    _check_fields(message)
    if encode(message) != data:
        raise BadMessage(f"a {kind.__name__} in another encoding than the canonical one")
    return message


def _check_size(data: bytes, kind: type[Any]) -> None:
    most = _MAX_BYTES.get(kind, _SMALL)
    if len(data) > most:
        raise BadMessage(f"a {kind.__name__} of {len(data)} bytes, at most {most}")


def _check_fields(value: Any) -> None:
    """Hold bytes to their width and numbers to their range, in nested messages too."""
    if isinstance(value, tuple):
        for item in value:
            _check_fields(item)
        return
    for name in getattr(type(value), "__match_args__", ()):
        item = getattr(value, name)
        where = f"{type(value).__name__}.{name}"
        width = _WIDTHS.get(name)
        for part in item if isinstance(item, tuple) else (item,):
            if width is not None and len(part) != width:
                raise BadMessage(f"{where} has {len(part)} bytes, not {width}")
        lowest = _NO_ROUND if name == "pol_round" else 0
        if isinstance(item, int) and not lowest <= item <= _MAX_NUMBER:
            raise BadMessage(f"{where} is {item}, from {lowest} to {_MAX_NUMBER} is meant")
        _check_fields(item)


def _refuse_tag(*_: Any) -> NoReturn:
    raise BadMessage("CBOR tags have no place in a message")


@cache
def _refuse_tags() -> dict[int, Callable[..., Any]]:
    return dict.fromkeys(_TAGS, _refuse_tag)


@cache
def _build_converter() -> Converter:
    """As `devnet.record` writes values, but nothing is turned into what it is not."""
    converter = build_converter()
    for kind in (int, bytes, str, bool):
        converter.register_structure_hook(kind, _require_exactly)
    return converter


def _require_exactly(value: Any, kind: type[Any]) -> Any:
    if type(value) is not kind:
        raise BadMessage(f"{type(value).__name__} where {kind.__name__} is meant")
    return value
