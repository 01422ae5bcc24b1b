"""Requests: a method, parameters that fit its schema, nearly fit it or do not at all, and batches.

| share | parameters                                                 |
|-------|------------------------------------------------------------|
| 60 %  | of their kinds, real hashes, addresses and ids among them  |
| 22 %  | one of them with one place changed, or made huge           |
| 14 %  | one of them any JSON                                       |
| 4 %   | all of them any JSON                                       |
"""

import json
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fuzzing.rpc.hostile import Json, bend, draw_body, draw_hostile, draw_huge
from fuzzing.rpc.kinds import Kind, Parameter
from fuzzing.rpc.objects import Objects
from fuzzing.rpc.soil import Soil
from fuzzing.rpc.words import Words

_IDS = (1, 0, -7, "a", "", None, 1.5, 2**70)
_TRACE_KINDS = ("trace", "vmTrace", "stateDiff")
_FEEDS = ("newHeads", "logs", "newPendingTransactions", "syncing", "inferences", "commits")
_RARE = frozenset({"evm_mine", "evm_revert", "inference_addModel", "consensus_setBehavior"})
_DEEP = frozenset({Kind.TRANSACTION, Kind.RAW_TRANSACTION, Kind.SIMULATION, Kind.TRACER})


@dataclass(frozen=True, slots=True)
class Sent:
    """A body and the requests in it; none if it is not known what it reads as."""

    body: bytes
    requests: tuple[dict[str, Any], ...] = ()
    is_batch: bool = False


class Author:
    """Writes bodies."""

    def __init__(
        self, schema: Mapping[str, Sequence[Parameter]], soil: Soil, dice: random.Random
    ) -> None:
        self._schema = schema
        self._names = list(schema)
        self._weights = [_weigh(name, parameters) for name, parameters in schema.items()]
        self._dice = dice
        self._soil = soil
        self._words = Words(soil, dice)
        self._objects = Objects(self._words)
        self._makers = self._list_makers()
        self._last: list[bytes] = []  # sound bodies to change bytes in

    def write(self) -> Sent:
        """The next body."""
        lot = self._dice.random()
        if lot < 0.04:
            return Sent(draw_body(self._last, self._dice))
        if lot < 0.10:
            requests = tuple(self._build() for _ in range(self._dice.choice((1, 2, 3, 8))))
            return Sent(json.dumps(requests).encode(), requests, is_batch=True)
        request = self._build()
        body = json.dumps(request).encode()
        if len(body) < 4_000:
            self._last = [*self._last[-15:], body]
        return Sent(body, (request,))

    def draw(self, kind: Kind) -> Any:
        """A value of a kind."""
        return self._makers[kind]()

    def _build(self) -> dict[str, Any]:
        dice = self._dice
        (name,) = dice.choices(self._names, self._weights)
        parameters = self._schema[name]
        least = sum(parameter.required for parameter in parameters)
        count = dice.randint(least, len(parameters))
        if dice.random() < 0.03:
            count = dice.randrange(len(parameters) + 1)
        params: Any = [self.draw(parameter.kind) for parameter in parameters[:count]]
        self._spoil(params)
        if dice.random() < 0.02:
            params = [*params, draw_hostile(dice)]
        if dice.random() < 0.01:
            params = dice.choice((None, {"a": 1}, "x", dict(enumerate(params))))
        if dice.random() < 0.02:
            name = dice.choice((name.lower(), name[:-1], name + "x", name.replace("_", ".")))
        request = {"jsonrpc": "2.0", "id": dice.choice(_IDS), "method": name, "params": params}
        if dice.random() < 0.03 and isinstance(params, list):
            del request["id"]
        return request

    def _spoil(self, params: list[Any]) -> None:
        lot = self._dice.random()
        if lot < 0.60 or not params:
            return
        at = self._dice.randrange(len(params))
        if lot < 0.605:
            params[at] = self._enlarge(params[at])
        elif lot < 0.82:
            params[at] = bend(params[at], self._dice)
        elif lot < 0.96:
            params[at] = draw_hostile(self._dice)
        else:
            params[:] = [draw_hostile(self._dice) for _ in params]

    def _enlarge(self, value: Json) -> Json:
        """Something huge in place of a value, or of one of its fields."""
        huge = draw_huge(self._dice)
        if isinstance(value, dict) and value and self._dice.random() < 0.7:
            return {**value, self._dice.choice(list(value)): huge}
        return huge

    def _mining(self) -> Json:
        blocks: tuple[Json, ...] = (None, 1, 2, 3, "0x2")
        return {"blocks": self._dice.choice(blocks)}

    def _feed_option(self) -> Any:
        return self._dice.choice((None, True, False, self._objects.events()))

    def _shapes(self) -> Any:
        return {name: tensor["shape"] for name, tensor in self._soil.tensors.items()}

    def _tensors(self) -> Any:
        return dict(self._soil.tensors)

    def _access(self) -> Any:
        return {self._words.address(): self._objects.keys() for _ in range(2)}

    def _traced_calls(self) -> Json:
        return [
            [self._objects.transaction(), self.draw(Kind.TRACE_KINDS)]
            for _ in range(self._dice.randrange(3))
        ]

    def _list_makers(self) -> dict[Kind, Callable[[], Any]]:
        words, objects, soil, dice = self._words, self._objects, self._soil, self._dice

        def pick(*values: Any) -> Callable[[], Any]:
            return lambda: dice.choice(values)

        return {
            Kind.ACCESS: self._access,
            Kind.ADDRESS: words.address,
            Kind.ATTRIBUTES: objects.attributes,
            Kind.BEHAVIOR: pick("honest", "honest", "honest", "crash", "wrong-model@height>=90"),
            Kind.BLOCK: words.block,
            Kind.BLOCK_OVERRIDES: objects.block_overrides,
            Kind.BYTES: words.bytes,
            Kind.CODE_KEY: pick(*soil.code_keys, "0x63"),
            Kind.CONDITIONS: objects.conditions,
            Kind.COUNT: pick(0, 1, 2, 5, 25, "0x1", "0x5", 1_024, 10**6),
            Kind.EVENTS: objects.events,
            Kind.FEED: pick(*_FEEDS),
            Kind.FEED_OPTION: self._feed_option,
            Kind.FILTER_ID: lambda: words.live("filters"),
            Kind.FLAG: pick(True, False),
            Kind.GAS: lambda: dice.choice((None, words.gas())),
            Kind.GAS_PRICE: pick(None, "0x0", hex(10**10), hex(10**12)),
            Kind.HASH: words.hash,
            Kind.INDEX: words.small,
            Kind.GROUPS: pick([], [["v0"]], [["v0"], []], [["v0", "v0"]], [["v1"]], ["v0"]),
            Kind.INDICES: lambda: [dice.randrange(3) for _ in range(dice.randrange(3))],
            Kind.KEYS: objects.keys,
            Kind.MINING: self._mining,
            Kind.MODEL: pick(soil.model, "digits", "nothing", "0x" + "00" * 32),
            Kind.MODEL_BYTES: pick(*soil.models, *soil.models, "0x", "0x08"),
            Kind.MODEL_OPTIONS: pick(
                None,
                {},
                {"alias": "again"},
                {"dimensions": {"n": 4}},
                {"release": {"name": "more", "version": "1.00"}},
            ),
            Kind.NUMBER: lambda: dice.choice((0, dice.randrange(soil.head + 3), hex(soil.head))),
            Kind.PERCENTILES: pick(None, [], [25, 50.5, 75], [0, 100], [50, 20], [101]),
            Kind.RAW_BLOCK: pick(*soil.raw_blocks),
            Kind.RAW_TRANSACTION: objects.raw_transaction,
            Kind.RAW_TRANSACTIONS: lambda: dice.choice((None, [], [objects.raw_transaction()])),
            Kind.SECONDS: pick(0, 1, "0x5", 3_600),
            Kind.SHAPES: self._shapes,
            Kind.SIMULATION: objects.simulation,
            Kind.SLOT: words.word,
            Kind.SNAPSHOT: lambda: words.live("snapshots"),
            Kind.STATE_OVERRIDES: objects.state_overrides,
            Kind.SUBSCRIPTION_ID: lambda: words.live("subscriptions"),
            Kind.TENSORS: self._tensors,
            Kind.TEXT: pick("", "digits", "a", "☃"),
            Kind.TIMESTAMP: pick(1_700_000_500, hex(1_800_000_000), 0, 2**64),
            Kind.TRACER: objects.tracer,
            Kind.TRACED_CALLS: self._traced_calls,
            Kind.TRACES: objects.traces,
            Kind.TRACE_KINDS: lambda: dice.sample(_TRACE_KINDS, dice.randrange(4)),
            Kind.TRANSACTION: objects.transaction,
            Kind.TRIGGER: pick(None, "height>=90", "height>=0"),
            Kind.TYPED_DATA: objects.typed_data,
            Kind.VALIDATOR: pick("v0", "v1"),
            Kind.WAITING: objects.waiting,
        }


def _weigh(name: str, parameters: Sequence[Parameter]) -> int:
    """How often a method is asked: what takes much apart more often, what changes all seldom."""
    if name in _RARE:
        return 1
    return 2 + 2 * len(parameters) + 8 * any(p.kind in _DEEP for p in parameters)
