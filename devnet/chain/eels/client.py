"""EELS as the client of a validator: executes every block by the Ethereum specification.

Which transactions a proposal takes is drafted by py-evm; what they come to is EELS' word alone.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from devnet.chain.block import Execution
from devnet.chain.body import Block, encode_block
from devnet.chain.client import Place, PyEvmClient
from devnet.chain.eels.precompiled import Calls
from devnet.chain.eels.process import EelsProcess
from devnet.chain.eels.result import build_result
from devnet.chain.eels.wire import Message
from devnet.chain.execution import Leave, place_own_accounts
from devnet.chain.forks.blob import DEFAULT_BLOBS
from devnet.chain.forks.fork import Fork
from devnet.chain.forks.schedule import ForkSchedule
from devnet.chain.header import encode_header
from devnet.chain.state.account import NO_CODE, Account
from devnet.chain.transaction import Transaction
from devnet.chain.world import World
from devnet.errors import BadBlock, BadTransaction, ConfigError, HostError

_ALIASES = {"petersburg": "constantinople"}  # EELS has what lived on mainnet, under one name


class EelsClient:
    """One worker, which knows the latest states and is told what it has forgotten."""

    name = "eels"

    def __init__(self, python: str, schedule: ForkSchedule, recount: Callable[[], None]) -> None:
        """
        Args:
            python: an interpreter that has EELS; this one if empty.
            recount: called before a block's inferences run once more.
        Raises: ConfigError if EELS is not there or does not specify the chain's forks.
        """
        _check_schedule(schedule)
        self._recount = recount
        self._process = EelsProcess(python)
        self._process.start()

    def build(self, place: Place, offered: Iterable[Transaction], leave: Leave) -> Execution:
        """Take what fits by py-evm, then execute it by EELS.

        Raises: HostError if EELS cannot execute it, or refuses what py-evm takes.
        """
        apart = replace(place, world=place.world.branch())
        draft = PyEvmClient().build(apart, offered, leave)
        self._recount()
        try:
            return self.execute(place, draft.transactions)
        except (BadTransaction, BadBlock) as refused:
            raise HostError(f"py-evm drafts a block that EELS refuses: {refused}") from refused

    def execute(self, place: Place, transactions: Sequence[Transaction]) -> Execution:
        """As `execute_block` with these transactions, by EELS.

        Raises: BadTransaction, BadBlock; HostError if the worker or an inference fails.
        """
        world, parent, template = place.world, place.parent, place.template
        root = parent.state_root
        if template.number == world.inference_from > 0:
            state = world.open(root, template)
            place_own_accounts(state, world)
            state.persist()
            root = state.state_root
        calls = Calls(world.table)
        question = _ask_about(place, root, transactions)
        found = self._process.ask(question, calls.serve)
        if found["kind"] == "unknown":
            self._load(world, root, question["fork"])
            found = self._process.ask(question, calls.serve)
        if found["kind"] == "unanswered":
            fault = calls.fault
            raise HostError(f"{type(fault).__name__}: {fault}") from fault
        if found["kind"] == "refused":
            raise _explain(found, transactions)
        return build_result(world, root, template, transactions, found, calls)

    def close(self) -> None:
        """End the worker."""
        self._process.close()

    def _load(self, world: World, root: bytes, fork: str) -> None:
        """Tell the worker a whole state: it has just begun, or the chain went back far."""
        accounts = {
            address.hex(): {
                "nonce": account.nonce,
                "balance": hex(account.balance),
                "code": _find_code(world, account).hex(),
                "storage": {hex(slot): hex(word) for slot, word in world.iterate_words(account)},
            }
            for address, account in world.iterate_accounts(root)
        }
        question = {"kind": "load", "root": root.hex(), "fork": fork, "accounts": accounts}
        loaded = self._process.ask(question)
        if loaded["root"] != root.hex():
            raise HostError(
                f"EELS names root 0x{loaded['root']} for the state that is 0x{root.hex()} here"
            )


def _ask_about(place: Place, root: bytes, transactions: Sequence[Transaction]) -> Message:
    world, parent, template = place.world, place.parent, place.template
    rules = world.schedule.find_rules(template)
    name = rules.fork.name.lower()
    block = Block(template, tuple(transaction.raw for transaction in transactions))
    precompiles = sorted(world.table) if world.has_inference(template.number) else ()
    return {
        "kind": "execute",
        "parentRoot": root.hex(),
        "parent": encode_header(parent).hex(),
        "block": encode_block(block).hex(),
        "number": template.number,
        "fork": _ALIASES.get(name, name),
        "chainId": world.chain_id,
        "hashes": [each.hex() for each in reversed(place.ancestors)],
        "maxTransactionGas": rules.max_transaction_gas,
        "depositContract": rules.deposit_contract.hex(),
        "precompiles": [address.hex() for address in precompiles],
    }


def _find_code(world: World, account: Account) -> bytes:
    return b"" if account.code_hash == NO_CODE else world.find_code(account.code_hash)


def _explain(found: Message, transactions: Sequence[Transaction]) -> Exception:
    index, reason = found["index"], found["reason"]
    if index is None:
        return BadBlock(f"EELS refuses the block: {reason}")
    which = f"transaction {index}, 0x{transactions[index].hash.hex()}"
    return BadTransaction(f"EELS refuses {which}: {reason}")


def _check_schedule(schedule: ForkSchedule) -> None:
    """Refuse what EELS does not specify. Raises: ConfigError."""
    if schedule.blobs != tuple(DEFAULT_BLOBS.items()):
        raise ConfigError("engine:eels knows mainnet's blob parameters only; this chain has others")
    forks = [fork for _, fork in (*schedule.numbers, *schedule.times)]
    if max(forks, default=Fork.FRONTIER) is Fork.CONSTANTINOPLE:
        raise ConfigError("engine:eels: EELS does not specify constantinople; use petersburg")
