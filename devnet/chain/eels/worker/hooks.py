"""Hooks in the specification's modules: what it keeps to itself, and precompiles that it lacks.

A worker is a process of its own, so it may replace functions of a module.
"""

from collections.abc import Callable, Mapping
from typing import Any

from ethereum.fork_criteria import ByBlockNumber
from ethereum_types.numeric import Uint

from devnet.chain.eels.worker.specification import load

_UNLIMITED = 2**64 - 1


class Executed(Exception):  # no error
    """The body of a block was executed; what the header claims does not matter."""


class Watch:
    """What happens while a block is executed."""

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """Another block."""
        self.output: Any = None  # of the block
        self.index: int | None = None  # of the transaction that runs
        self.returned = b""  # by the outermost frame
        self.outcomes: list[dict[str, str]] = []  # by transaction
        self.calls: list[list[Any]] = []  # transaction, number of the call, whether it was undone

    def note(self, message: Any, result: Any) -> None:
        """A transaction has come to this."""
        error = result.error
        created = not message.target and error is None
        self.outcomes.append(
            {
                "error": "" if error is None else type(error).__name__,
                "output": self.returned.hex(),
                "created": bytes(message.current_target).hex() if created else "",
            }
        )


def attach(name: str, watch: Watch) -> None:
    """Let `watch` see what the modules of a fork do; once for each fork."""
    fork = load(name, "fork")
    interpreter = load(name, "vm.interpreter")
    fork.validate_proof_of_work = lambda header: None
    fork.get_last_256_block_hashes = lambda chain: chain.hashes
    apply_body, transact = fork.apply_body, fork.process_transaction
    call = fork.process_message_call

    def execute(*args: Any, **kwargs: Any) -> Any:
        watch.output = apply_body(*args, **kwargs)
        raise Executed

    def process_transaction(env: Any, output: Any, transaction: Any, index: Any) -> None:
        watch.index = int(index)
        transact(env, output, transaction, index)
        watch.index = None

    def process_message_call(message: Any) -> Any:
        watch.returned = b""
        result = call(message)
        if watch.index is not None:  # no system call
            watch.note(message, result)
        return result

    fork.apply_body = execute
    fork.process_transaction = process_transaction
    fork.process_message_call = process_message_call
    for frame in ("process_message", "process_create_message"):
        setattr(interpreter, frame, _track(getattr(interpreter, frame), watch))


def _track(run: Callable[[Any], Any], watch: Watch) -> Callable[[Any], Any]:
    """Undo calls with the frame that they were made in, and see what the outermost returns."""

    def process(message: Any) -> Any:
        before = len(watch.calls)
        evm = run(message)
        if not message.depth:
            watch.returned = bytes(evm.output)
        if evm.error:
            for call in watch.calls[before:]:
                call[2] = True
        return evm

    return process


def set_rules(name: str, question: dict[str, Any]) -> None:
    """Take from the question what the specification fixes for mainnet."""
    fork = load(name, "fork")
    transactions = load(name, "transactions")
    if hasattr(fork, "FORK_CRITERIA"):
        fork.FORK_CRITERIA = ByBlockNumber(question["beganAt"])
    if hasattr(transactions, "TX_MAX_GAS_LIMIT"):
        transactions.TX_MAX_GAS_LIMIT = Uint(min(question["maxTransactionGas"], _UNLIMITED))
    if hasattr(fork, "parse_deposit_requests"):
        requests = load(name, "requests")
        contract = bytes.fromhex(question["depositContract"])
        requests.DEPOSIT_CONTRACT_ADDRESS = type(requests.DEPOSIT_CONTRACT_ADDRESS)(contract)


def set_precompiles(name: str, ours: Mapping[str, Callable[[Any], None]]) -> None:
    """Put ours beside the fork's own: callable, and warm from the start."""
    mapping = load(name, "vm.precompiled_contracts.mapping").PRE_COMPILED_CONTRACTS
    address = load(name, "fork_types").Address
    for text, run in ours.items():
        mapping[address(bytes.fromhex(text))] = run
