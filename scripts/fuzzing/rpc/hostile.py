"""Hostile values: JSON that no parameter should be, and bodies that are no request."""

import random
from collections.abc import Sequence
from typing import Any

Json = Any

_INTEGERS = (0, 1, -1, 2**31, 2**53, 2**63, 2**64 - 1, 2**64, -(2**63), 2**256 - 1, 2**256, 10**400)
_FLOATS = (0.0, -0.0, 0.5, 1.0, -1.5, 1e18, 1e308, 5e-324)
_TEXTS = (
    *("", " ", "0", "1", "0x", "0X1", "x", "0x0", "0x00", "0x01", "0xg", "0x1 ", " 0x1", "0x-1"),
    *("-0x1", "1e3", "latest", "LATEST", "latest ", "pending", "null", "true", "undefined", "NaN"),
    *("0x" + "f" * size for size in (15, 16, 17, 39, 40, 41, 63, 64, 65, 128)),
    *("0x" + "00" * size for size in (19, 20, 21, 31, 32, 33, 48, 4096)),
    *(
        "１",
        "0x１",
        "\x00",
        "0x1\x00",
        "\ud800",
        "\udfff\ud800",
        "é" * 9,
        "🙂",
        "\u202e",
        "a" * 9_000,
    ),
    *("9" * 5_000, "0x" + "9" * 5_000, "crash@height>=" + "9" * 5_000, "@height>=1", "[" * 90),
    *("../../etc/passwd", "%s%n", "{}", '{"a":', "__class__", "constructor", "' OR 1=1 --"),
)
_BODIES = (
    *(b"", b" ", b"\n", b"null", b"true", b"0", b'""', b"[]", b"{}", b"[[]]", b"[null]", b"[1,2]"),
    *(
        b"{",
        b"[",
        b'"',
        b"}",
        b"]",
        b"{]",
        b"[}",
        b'{"jsonrpc"',
        b'{"jsonrpc":"2.0",}',
        b"\\",
        b"nul",
    ),
    *(b"\xff\xfe", b"\xef\xbb\xbf{}", b"\x00", b"\xed\xa0\x80", b"'single'", b"// comment", b"NaN"),
    *(
        b"[" * 100_000,
        b'{"a":' * 50_000,
        b"[" * 60 + b"]" * 60,
        b'"' + b'\\"' * 50_000,
        b"1" * 6_000,
    ),
    *(b"-Infinity", b"1e999", b"[1e999]", b'{"id":1e999}', b"[" + b"1," * 2_000 + b"1]"),
    b"[" + b",".join([b"{}"] * 1_001) + b"]",
    b'{"jsonrpc":"2.0","id":1,"method":"eth_chainId"}{"jsonrpc":"2.0","id":2}',
    b'{"jsonrpc":"2.0","id":1,"method":"eth_chainId","method":"eth_blockNumber"}',
    b'{"jsonrpc":"2.0","id":{"a":1},"method":"eth_chainId"}',
    b'{"jsonrpc":"2.0","id":[1],"method":"eth_chainId"}',
    b'{"jsonrpc":"2.0","id":true,"method":"eth_chainId"}',
    b'{"jsonrpc":"1.0","id":1,"method":"eth_chainId"}',
    b'{"jsonrpc":"2.0","id":1,"method":1}',
    b'{"jsonrpc":"2.0","id":1,"method":"eth_chainId","params":7}',
    b'{"jsonrpc":"2.0","id":1,"method":"\\ud800"}',
    b'{"jsonrpc":"2.0","id":"\\ud800","method":"eth_chainId"}',
)


def draw_hostile(dice: random.Random, depth: int = 0) -> Json:
    """Any JSON, mostly what stands at a border of something."""
    match dice.randrange(9 if depth < 3 else 6):
        case 0:
            return dice.choice((None, True, False))
        case 1:
            return dice.choice(_INTEGERS)
        case 2:
            return dice.choice(_FLOATS)
        case 3 | 4:
            return dice.choice(_TEXTS)
        case 5:
            return "0x" + dice.randbytes(dice.choice((0, 1, 4, 20, 32, 33, 100))).hex()
        case 6:
            return [draw_hostile(dice, depth + 1) for _ in range(dice.choice((0, 1, 1, 2, 5)))]
        case 7:
            names = [dice.choice(_TEXTS) for _ in range(dice.choice((0, 1, 2, 3)))]
            return {name: draw_hostile(dice, depth + 1) for name in names}
        case _:
            deep: Json = dice.choice(_INTEGERS)
            for _ in range(dice.choice((2, 10, 40))):
                deep = [deep] if dice.random() < 0.5 else {"a": deep}
            return deep


def draw_huge(dice: random.Random) -> Json:
    """A value of about a megabyte: what is slow to look at, or to keep, shows."""
    match dice.randrange(6):
        case 0:
            return "0x" + "ab" * 500_000
        case 1:
            return "0x" + "0" * 1_000_000
        case 2:
            return [dice.choice((0, "0x1", "0x" + "11" * 20, None))] * 100_000
        case 3:
            return {f"0x{number:040x}": {} for number in range(20_000)}
        case 4:
            return [{"to": "0x" + "11" * 20}] * 20_000
        case _:
            return [["0x" + "22" * 32] * 1_000] * 15


def bend(value: Json, dice: random.Random) -> Json:
    """A value that is nearly what it was: one place in it is changed, lost, added or wrapped."""
    if isinstance(value, dict) and value and dice.random() < 0.8:
        return _bend_object(value, dice)
    if isinstance(value, list) and value and dice.random() < 0.8:
        at = dice.randrange(len(value))
        inner = bend(value[at], dice)
        return dice.choice((value[:at], [*value[:at], inner, *value[at + 1 :]], [*value, inner]))
    if isinstance(value, str) and dice.random() < 0.8:
        return _bend_text(value, dice)
    if isinstance(value, int) and not isinstance(value, bool) and dice.random() < 0.8:
        return dice.choice((value + 1, value - 1, -value, str(value), hex(value), float(value)))
    return dice.choice(([value], {"value": value}, None, str(value), draw_hostile(dice)))


def _bend_object(value: dict[str, Json], dice: random.Random) -> Json:
    name = dice.choice(list(value))
    match dice.randrange(5):
        case 0:
            return {key: field for key, field in value.items() if key != name}
        case 1:
            return {**value, name: draw_hostile(dice)}
        case 2:
            return {**value, dice.choice(_TEXTS): draw_hostile(dice)}
        case 3:
            return {_bend_text(key, dice) if key == name else key: v for key, v in value.items()}
        case _:
            return {**value, name: bend(value[name], dice)}


def _bend_text(value: str, dice: random.Random) -> str:
    at = dice.randrange(len(value) + 1)
    return dice.choice(
        (
            value[:at],
            value[:at] + dice.choice("0fgx -.\x00é") + value[at:],
            value[: max(at - 1, 0)] + value[at:],
            value.upper(),
            value.removeprefix("0x"),
            value.replace("0x", "0x0", 1),
            value + value.removeprefix("0x")[:64],
            value[:at] + dice.choice("0123456789abcdef") + value[at + 1 :],
        )
    )


def draw_body(sound: Sequence[bytes], dice: random.Random) -> bytes:
    """A body that is no request, or a request with a few bytes changed."""
    if not sound or dice.random() < 0.3:
        return dice.choice(_BODIES)
    body = bytearray(dice.choice(sound))
    for _ in range(dice.choice((1, 1, 2, 4))):
        at = dice.randrange(len(body) + 1)
        match dice.randrange(5):
            case 0:
                body = body[:at]
            case 1:
                body[at:at] = dice.randbytes(dice.choice((1, 2, 5)))
            case 2:
                del body[at : at + dice.choice((1, 3, 10))]
            case 3:
                body[at : at + 1] = dice.choice(
                    (b'"', b"{", b"}", b"[", b"]", b",", b":", b"\\", b"\xff")
                )
            case _:
                other = dice.choice(sound)
                body = body[:at] + other[dice.randrange(len(other) + 1) :]
    return bytes(body)
