"""Random mutations of a bundle's JSON text: of values, bytes, structure, and between bundles."""

import copy
import json
import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any

Path = tuple[str | int, ...]
_BYTES = '0123456789abcdefABCDEFx{}[]",:.- '


def mutate(text: str, others: Sequence[str], draw: random.Random) -> str:
    """Another text than the given one.

    Args:
        others: bundles that parts may come from.
    """
    while True:
        kind = draw.choice(_KINDS)
        changed = kind(text, others, draw)
        if changed != text:
            return changed


def _change_byte(text: str, _: Sequence[str], draw: random.Random) -> str:
    place = draw.randrange(len(text))
    return text[:place] + draw.choice(_BYTES) + text[place + 1 :]


def _cut_bytes(text: str, _: Sequence[str], draw: random.Random) -> str:
    place = draw.randrange(len(text))
    return text[:place] + text[place + draw.randrange(1, 70) :]


def _change_leaf(text: str, _: Sequence[str], draw: random.Random) -> str:
    bundle = json.loads(text)
    parent, key = _pick(bundle, draw, lambda value: not isinstance(value, dict | list))
    value = parent[key]
    if isinstance(value, bool):
        parent[key] = not value
    elif isinstance(value, int):
        parent[key] = draw.choice([value + 1, max(0, value - 1), value + 2**32, 2**256 - 1, 0])
    elif value is None or not value.startswith("0x") or len(value) == 2:
        parent[key] = draw.choice([None, f"{value}0", f"{value}00", 1])
    else:
        place = draw.randrange(2, len(value))
        parent[key] = value[:place] + draw.choice("0123456789abcdef") + value[place + 1 :]
    return json.dumps(bundle)


def _take_leaf(text: str, _: Sequence[str], draw: random.Random) -> str:
    """One value in place of another in the same bundle."""
    bundle = json.loads(text)
    parent, key = _pick(bundle, draw, lambda value: not isinstance(value, dict | list))
    from_, name = _pick(bundle, draw, lambda value: type(value) is type(parent[key]))
    parent[key] = from_[name]
    return json.dumps(bundle)


def _drop_part(text: str, _: Sequence[str], draw: random.Random) -> str:
    bundle = json.loads(text)
    parent, key = _pick(bundle, draw, lambda value: True)
    del parent[key]
    return json.dumps(bundle)


def _reorder(text: str, _: Sequence[str], draw: random.Random) -> str:
    """Items of a list dropped, repeated, swapped or turned round."""
    bundle = json.loads(text)
    parent, key = _pick(bundle, draw, lambda value: isinstance(value, list) and bool(value))
    items = parent[key]
    at, to = draw.randrange(len(items)), draw.randrange(len(items))
    match draw.randrange(4):
        case 0:
            items.insert(to, copy.deepcopy(items[at]))
        case 1:
            items[at], items[to] = items[to], items[at]
        case 2:
            items.reverse()
        case _:
            del items[at:]
    return json.dumps(bundle)


def _swap_part(text: str, others: Sequence[str], draw: random.Random) -> str:
    """A part of another bundle in the same place."""
    bundle, other = json.loads(text), json.loads(draw.choice(others))
    places = [path for path in list_paths(bundle) if _get(other, path) is not None]
    path = draw.choice(places)
    _get(bundle, path[:-1])[path[-1]] = _get(other, path)
    return json.dumps(bundle)


def _swap_some(text: str, others: Sequence[str], draw: random.Random) -> str:
    """Several of the top fields from another bundle, but not all that differ."""
    bundle, other = json.loads(text), json.loads(draw.choice(others))
    differing = [name for name in bundle if bundle[name] != other[name]]
    if len(differing) < 2:
        return text
    for name in draw.sample(differing, draw.randrange(1, len(differing))):
        bundle[name] = other[name]
    return json.dumps(bundle)


def _repeat_vote(text: str, _: Sequence[str], draw: random.Random) -> str:
    """A signature twice, with the power that would make it."""
    bundle = json.loads(text)
    block = draw.choice([bundle, *bundle["changes"]])
    votes = block["certificate"]["votes"]
    votes[draw.randrange(len(votes))] = draw.choice(votes)
    return json.dumps(_claim_power(bundle, block))


def _count_twice(text: str, _: Sequence[str], draw: random.Random) -> str:
    """A member twice, or with twice the power."""
    bundle = json.loads(text)
    block = draw.choice([bundle, *bundle["changes"]])
    members = block["validators"]
    member = draw.choice(members)
    if draw.random() < 0.5:
        member["power"] *= 2
    else:
        members.append(dict(member))
    return json.dumps(_claim_power(bundle, block))


_KINDS: tuple[Callable[[str, Sequence[str], random.Random], str], ...] = (
    *(_change_byte, _cut_bytes, _change_leaf, _take_leaf, _drop_part, _reorder),
    *(_swap_part, _swap_some, _repeat_vote, _count_twice),
)


def list_paths(value: Any, path: Path = ()) -> Iterator[Path]:
    """Places of all values but the whole."""
    items: Any = ()
    if isinstance(value, dict):
        items = value.items()
    elif isinstance(value, list):
        items = enumerate(value)
    for key, child in items:
        yield (*path, key)
        yield from list_paths(child, (*path, key))


def _pick(bundle: Any, draw: random.Random, fits: Callable[[Any], bool]) -> tuple[Any, str | int]:
    """Parent and key of a value; every field of the format is as likely, however long its lists."""
    by_name: dict[Path, list[Path]] = {}
    for path in list_paths(bundle):
        if fits(_get(bundle, path)):
            by_name.setdefault(tuple(k for k in path if isinstance(k, str)), []).append(path)
    path = draw.choice(by_name[draw.choice(list(by_name))])
    return _get(bundle, path[:-1]), path[-1]


def _get(value: Any, path: Path) -> Any:
    for key in path:
        if isinstance(value, dict):
            value = value.get(key)
        elif isinstance(value, list) and isinstance(key, int) and key < len(value):
            value = value[key]
        else:
            return None
    return value


def _claim_power(bundle: Any, block: Any) -> Any:
    powers = {member["address"]: member["power"] for member in block["validators"]}
    votes = block["certificate"]["votes"]
    block["certificate"]["power"] = sum(powers[vote["validator"]] for vote in votes)
    return bundle
