"""Calls of precompiles that EELS lacks: the node runs them, reading the state through questions.

Gas, output, writes and events come back and take effect in the frame, as those of any precompile.
"""

from collections.abc import Callable
from typing import Any

from ethereum_types.bytes import Bytes32
from ethereum_types.numeric import U256, Uint

from devnet.chain.eels.wire import Message
from devnet.chain.eels.worker.hooks import Watch
from devnet.chain.eels.worker.specification import load


class Unanswered(Exception):  # the node knows why
    """The node's host cannot run the precompile: there is no result, whatever the block."""


class Caller:
    """Lets the node run precompiles."""

    def __init__(self, send: Callable[[Message], None], receive: Callable[[], Message]) -> None:
        self._send, self._receive = send, receive

    def run(self, name: str, address: str, watch: Watch, evm: Any) -> None:
        """One call in a frame of a fork.

        Raises: the fork's Revert and ExceptionalHalt; Unanswered.
        """
        number, message = len(watch.calls), evm.message
        watch.calls.append([watch.index, number, False])
        self._send(
            {
                "kind": "call",
                "number": number,
                "address": address,
                "caller": bytes(message.caller).hex(),
                "storage": bytes(message.current_target).hex(),
                "isStatic": bool(getattr(message, "is_static", False)),
                "gas": int(evm.gas_left),
                "data": bytes(message.data).hex(),
            }
        )
        answer = self._receive()
        while answer["kind"] == "read":
            self._send({"kind": "word", "word": hex(_read(name, evm, answer))})
            answer = self._receive()
        self._finish(name, evm, answer)

    def _finish(self, name: str, evm: Any, answer: Message) -> None:
        errors, gas = load(name, "vm.exceptions"), load(name, "vm.gas")
        if answer["kind"] == "fatal":
            raise Unanswered
        if answer["kind"] == "halt":
            raise errors.ExceptionalHalt(answer["reason"])
        gas.charge_gas(evm, Uint(answer["gas"]))
        evm.output = bytes.fromhex(answer["data"])
        if answer["kind"] == "revert":
            raise errors.Revert
        for effect in answer["effects"]:
            _apply(name, evm, effect)


def _read(name: str, evm: Any, question: Message) -> int:
    address = load(name, "fork_types").Address(bytes.fromhex(question["address"]))
    state = evm.message.block_env.state
    return int(load(name, "state").get_storage(state, address, _to_key(question["slot"])))


def _apply(name: str, evm: Any, effect: list[Any]) -> None:
    """`["store", slot, word]` in the frame's storage, `["log", topics, data]` from its address."""
    kind, first, second = effect
    target = evm.message.current_target
    if kind == "store":
        state, word = evm.message.block_env.state, U256(int(second, 16))
        load(name, "state").set_storage(state, target, _to_key(first), word)
        return
    topics = tuple(Bytes32(bytes.fromhex(topic)) for topic in first)
    log = load(name, "blocks").Log(target, topics, bytes.fromhex(second))
    evm.logs = (*evm.logs, log)


def _to_key(slot: str) -> Bytes32:
    return Bytes32(int(slot, 16).to_bytes(32, "big"))
