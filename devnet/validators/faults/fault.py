"""Faults = strategy x trigger, and which of them contradict each other in one validator.

| strategy              | what the validator does                                          |
|-----------------------|------------------------------------------------------------------|
| crash                 | loses its memory, keeps its disk; back after the fault's time, if |
|                       | it is given one, else when the trigger holds no longer            |
| pause                 | does nothing for a time, then what has waited                     |
| equivocate-votes      | half of the others get another vote                               |
| equivocate-proposals  | half of the others get another value                              |
| drop-votes            | sends no votes                                                    |
| drop-proposals        | sends no proposals                                                |
| drop-inbound          | hears nothing                                                     |
| forget-locks          | votes as if nothing were locked (amnesia)                         |
| precommit-nil         | precommits nil whatever the prevotes are                          |
| censor                | neither proposes nor prevotes what a predicate picks: transactions |
|                       | of or to an address, `censor(0x...)`, or any                      |
| delay                 | sends everything late                                             |
| lazy                  | signs what others propose without executing it, takes their outputs |
| wrong-model           | runs every model with one weight changed                          |
| quantised             | runs the int8 form of float models, by ONNX Runtime's quantiser   |
| drift(HOST)           | computes as another host does: `precompiles/engine/foreign`       |
| saturate              | adds uint8 by int8 products in 16 bits, as AVX2 without VNNI does |
| gpu-order             | adds floats in an order that changes with every run               |
| random-operator       | adds noise that the runtime draws                                 |
| missing-model         | loses a model's bytes at a height: abstains, fetches them after it |
| wrong-bytes           | gives whoever asks for a model's bytes other ones                  |
| stall                 | makes no move in a dispute that it is party to                    |
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from enum import Enum
from itertools import combinations

from devnet.errors import ConfigError
from devnet.validators.faults.trigger import ALWAYS, Trigger, parse_trigger
from precompiles.engine.foreign.host import DEFAULT, parse_host


class Strategy(Enum):
    """What a faulty validator does."""

    CRASH = "crash"
    PAUSE = "pause"
    EQUIVOCATE_VOTES = "equivocate-votes"
    EQUIVOCATE_PROPOSALS = "equivocate-proposals"
    DROP_VOTES = "drop-votes"
    DROP_PROPOSALS = "drop-proposals"
    DROP_INBOUND = "drop-inbound"
    FORGET_LOCKS = "forget-locks"
    PRECOMMIT_NIL = "precommit-nil"
    CENSOR = "censor"
    DELAY = "delay"
    LAZY = "lazy"
    WRONG_MODEL = "wrong-model"
    QUANTISED = "quantised"
    DRIFT = "drift"
    SATURATE = "saturate"
    GPU_ORDER = "gpu-order"
    RANDOM_OPERATOR = "random-operator"
    MISSING_MODEL = "missing-model"
    WRONG_BYTES = "wrong-bytes"
    STALL = "stall"


COMPUTING = (  # other results than honest ones; one of them for one inference
    *(Strategy.WRONG_MODEL, Strategy.QUANTISED, Strategy.DRIFT),
    *(Strategy.SATURATE, Strategy.GPU_ORDER, Strategy.RANDOM_OPERATOR),
)
STORING = (Strategy.MISSING_MODEL, Strategy.WRONG_BYTES)  # about models' bytes
INFERENCE = (Strategy.LAZY, *COMPUTING, *STORING)  # need models to show
DISPUTE = (Strategy.STALL,)  # shows under the optimistic rule alone
PROTOCOL = tuple(s for s in Strategy if s not in (*INFERENCE, *DISPUTE))

DEFAULT_TIME_MS = 5_000
_TIMED = (Strategy.CRASH, Strategy.PAUSE, Strategy.DELAY)
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}\)")


@dataclass(frozen=True, slots=True)
class Fault:
    """What, when and, for `crash`, `pause` and `delay`, how long."""

    strategy: Strategy
    trigger: Trigger = ALWAYS
    time_ms: int = DEFAULT_TIME_MS
    target: bytes = b""  # of `censor`: an address
    host: str = ""  # of `drift`
    is_timed: bool = field(default=False, compare=False)  # whether the time was given


_CONTRADICTIONS = (
    (Strategy.EQUIVOCATE_VOTES, Strategy.DROP_VOTES, "nobody would get the second vote"),
    (Strategy.EQUIVOCATE_PROPOSALS, Strategy.DROP_PROPOSALS, "nobody would get the second value"),
    (Strategy.FORGET_LOCKS, Strategy.PRECOMMIT_NIL, "whoever precommits nil never locks"),
    (Strategy.CRASH, Strategy.PAUSE, "whoever is down cannot pause"),
    (Strategy.DROP_INBOUND, Strategy.CENSOR, "whoever hears no proposals cannot pick among them"),
    (Strategy.DELAY, Strategy.DROP_VOTES, "what is dropped cannot be late"),
    (Strategy.LAZY, Strategy.CENSOR, "whoever does not look at a block cannot pick"),
)


def check_faults(faults: Sequence[Fault]) -> None:
    """Refuse two faults of one validator that undo each other where both may show.

    Raises: ConfigError with the pair and the reason.
    """
    for first, second, reason in _CONTRADICTIONS:
        ours = [fault for fault in faults if fault.strategy is first]
        theirs = [fault for fault in faults if fault.strategy is second]
        if any(a.trigger.overlaps(b.trigger) for a in ours for b in theirs):
            raise ConfigError(
                f"'{first.value}' and '{second.value}' contradict each other: {reason}; "
                "give them triggers that do not overlap"
            )
    computing = [fault for fault in faults if fault.strategy in COMPUTING]
    for one, two in combinations(computing, 2):
        if one.strategy is not two.strategy and one.trigger.overlaps(two.trigger):
            raise ConfigError(
                f"'{one.strategy.value}' and '{two.strategy.value}' contradict each other: an "
                "inference is run in one way; give them triggers that do not overlap"
            )
    names = [fault.strategy for fault in faults]
    for position, fault in enumerate(faults):
        for other in faults[position + 1 :]:
            if other.strategy is fault.strategy and fault.trigger.overlaps(other.trigger):
                raise ConfigError(
                    f"'{fault.strategy.value}' is given {names.count(fault.strategy)} times for "
                    "the same heights and rounds; keep one"
                )


def parse_fault(text: str) -> Fault:
    """Read `strategy[@trigger]`, `strategy(MS)`, `censor(0xADDRESS)` or `drift(HOST)` likewise.

    Raises: ConfigError with what exists.
    """
    head, _, when = text.partition("@")
    name, _, time = head.strip().partition("(")
    known = ", ".join(strategy.value for strategy in Strategy)
    try:
        strategy = Strategy(name)
    except ValueError:
        raise ConfigError(f"no fault '{name}'; {suggest(name)}there are {known}") from None
    trigger = parse_trigger(when) if when else ALWAYS
    if trigger.is_for_calls and strategy not in INFERENCE:
        raise ConfigError(f"fault '{text}': calls and models pick inferences; '{name}' is of none")
    if strategy is Strategy.WRONG_BYTES and trigger.calls != ALWAYS.calls:
        raise ConfigError(f"fault '{text}': bytes are served outside blocks; name models, no calls")
    if strategy is Strategy.DRIFT:
        return Fault(strategy, trigger, host=_read_host(time, text))
    if not time:
        return Fault(strategy, trigger)
    if strategy is Strategy.CENSOR:
        if not _ADDRESS.fullmatch(time):
            raise ConfigError(f"fault '{text}': what is censored is an address, censor(0x...)")
        return Fault(strategy, trigger, target=bytes.fromhex(time[2:-1]))
    if strategy not in _TIMED:
        raise ConfigError(f"fault '{text}': '{name}' takes no time")
    if not time.endswith(")") or not time[:-1].isdecimal():
        raise ConfigError(f"fault '{text}': the time is whole milliseconds, as in crash(500)")
    return Fault(strategy, trigger, int(time[:-1]), is_timed=True)


def suggest(name: str) -> str:
    """`did you mean ...? ` if a strategy has a name like this, else nothing."""
    near = get_close_matches(name, [strategy.value for strategy in Strategy], n=1)
    return f"did you mean '{near[0]}'? " if near else ""


def _read_host(named: str, text: str) -> str:
    host = named.removesuffix(")")
    if named and (host == named or not host):
        raise ConfigError(f"fault '{text}': a host stands between brackets, as in drift({DEFAULT})")
    try:
        parse_host(host or DEFAULT)
    except LookupError as unknown:
        raise ConfigError(f"fault '{text}': {unknown}") from None
    return host or DEFAULT
