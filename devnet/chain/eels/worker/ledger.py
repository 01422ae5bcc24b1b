"""Ledger: the latest states a worker has, by root, and blocks executed on them by EELS.

A state is carried from the module of one fork to that of the next.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, TypeAlias

from ethereum.exceptions import EthereumException
from ethereum_rlp import rlp
from ethereum_rlp.exceptions import DecodingError
from ethereum_types.bytes import Bytes20, Bytes32
from ethereum_types.numeric import U64, U256, Uint

from devnet.chain.eels.worker.hooks import (
    Executed,
    Watch,
    attach,
    set_precompiles,
    set_rules,
)
from devnet.chain.eels.worker.specification import load

RunPrecompile: TypeAlias = Callable[[str, str, Watch, Any], None]
_KEPT_STATES = 8
_LONDON_LENGTH = 16  # fields of a header
_FIELDS = {15: "frontier", 16: "london", 17: "shanghai", 20: "cancun", 21: "prague"}


class Ledger:
    """States by root, each in the classes of the fork that it was made under."""

    def __init__(self, run_precompile: RunPrecompile, watch: Watch) -> None:
        """`run_precompile` is given fork, address, watch and frame."""
        self._run_precompile, self._watch = run_precompile, watch
        self._states: dict[str, tuple[str, Any]] = {}
        self._attached: dict[str, None] = {}

    def load(self, question: dict[str, Any]) -> dict[str, Any]:
        """Take a state; the answer says what its root is by EELS."""
        name = question["fork"]
        state = build_state(name, question["accounts"])
        root = load(name, "state").state_root(state).hex()
        self._keep(root, name, state)
        return {"kind": "loaded", "root": root}

    def execute(self, question: dict[str, Any]) -> dict[str, Any]:
        """What EELS makes of a block whose results may be blank."""
        name, root = question["fork"], question["parentRoot"]
        if root not in self._states:
            return {"kind": "unknown"}
        before = self._enter(root, name)
        state = copy_state(name, before)
        self._prepare(name, question)
        chain = load(name, "fork").BlockChain([], state, U64(question["chainId"]))
        parent = bytes.fromhex(question["parent"])
        chain.blocks.append(Past(decode_header(name, parent)))
        chain.hashes = [Bytes32(bytes.fromhex(each)) for each in question["hashes"]]
        block = rlp.decode_to(load(name, "blocks").Block, bytes.fromhex(question["block"]))
        try:
            load(name, "fork").state_transition(chain, block)
        except Executed:
            pass
        except (EthereumException, DecodingError) as refused:
            reason = f"{type(refused).__name__}: {refused}".rstrip(": ")
            return {"kind": "refused", "index": self._watch.index, "reason": reason}
        return self._describe(name, before, state)

    def _prepare(self, name: str, question: dict[str, Any]) -> None:
        if name not in self._attached:
            self._attached[name] = None
            attach(name, self._watch)
        is_first = len(rlp.decode(bytes.fromhex(question["parent"]))) < _LONDON_LENGTH
        began_at = question["number"] if name == "london" and is_first else 0
        set_rules(name, {**question, "beganAt": began_at})
        set_precompiles(
            name,
            {
                address: partial(self._run_precompile, name, address, self._watch)
                for address in question["precompiles"]
            },
        )
        self._watch.begin()

    def _enter(self, root: str, name: str) -> Any:
        """The state in the classes of a fork."""
        known, state = self._states[root]
        if known != name:
            state = build_state(name, dump_state(state))
            self._keep(root, name, state)
        return state

    def _keep(self, root: str, name: str, state: Any) -> None:
        self._states.pop(root, None)
        self._states[root] = (name, state)
        for old in list(self._states)[:-_KEPT_STATES]:
            del self._states[old]

    def _describe(self, name: str, before: Any, state: Any) -> dict[str, Any]:
        output, trie, fork = self._watch.output, load(name, "trie"), load(name, "fork")
        root = load(name, "state").state_root(state).hex()
        found = {
            "kind": "found",
            "stateRoot": root,
            "gasUsed": int(output.block_gas_used),
            "transactionsRoot": trie.root(output.transactions_trie).hex(),
            "receiptsRoot": trie.root(output.receipts_trie).hex(),
            "logsBloom": bytes(fork.logs_bloom(output.block_logs)).hex(),
            "receipts": [
                encode_receipt(output.receipts_trie._data[rlp.encode(Uint(index))]).hex()
                for index in range(len(self._watch.outcomes))
            ],
            "outcomes": self._watch.outcomes,
            "calls": self._watch.calls,
            "changes": list_changes(before, state),
        }
        if hasattr(output, "withdrawals_trie"):
            found["withdrawalsRoot"] = trie.root(output.withdrawals_trie).hex()
        if hasattr(output, "blob_gas_used"):
            found["blobGasUsed"] = int(output.blob_gas_used)
        if hasattr(output, "requests"):
            found["requests"] = [bytes(request).hex() for request in output.requests]
            found["requestsHash"] = fork.compute_requests_hash(output.requests).hex()
        self._keep(root, name, state)
        return found


class Past:
    """A block of which only the header matters."""

    def __init__(self, header: Any) -> None:
        self.header = header
        self.ommers = ()


def decode_header(name: str, raw: bytes) -> Any:
    """A header in the classes of a fork, or of an older one if it has fewer fields."""
    length, own = len(rlp.decode(raw)), load(name, "blocks").Header
    fits = length == len(own.__dataclass_fields__)
    return rlp.decode_to(own if fits else load(_FIELDS[length], "blocks").Header, raw)


def encode_receipt(receipt: Any) -> bytes:
    """Consensus encoding: a typed one is bytes already."""
    return bytes(receipt if isinstance(receipt, bytes) else rlp.encode(receipt))


def build_state(name: str, accounts: dict[str, Any]) -> Any:
    """A state of these accounts."""
    module, types = load(name, "state"), load(name, "fork_types")
    state = module.State()
    for text, account in accounts.items():
        address = Bytes20(bytes.fromhex(text))
        nonce, balance = Uint(account["nonce"]), U256(int(account["balance"], 16))
        code = bytes.fromhex(account["code"])
        module.set_account(state, address, types.Account(nonce, balance, code))
        for slot, word in account["storage"].items():
            key = Bytes32(int(slot, 16).to_bytes(32, "big"))
            module.set_storage(state, address, key, U256(int(word, 16)))
    return state


def copy_state(name: str, state: Any) -> Any:
    """One that may change without changing the other."""
    module, trie = load(name, "state"), load(name, "trie")
    storages = {address: trie.copy_trie(words) for address, words in state._storage_tries.items()}
    return module.State(_main_trie=trie.copy_trie(state._main_trie), _storage_tries=storages)


def dump_state(state: Any) -> dict[str, Any]:
    """Accounts with their storage, as `build_state` takes them."""
    return {
        bytes(address).hex(): {
            **_describe_account(account),
            "storage": {
                _name_slot(slot): hex(int(word))
                for slot, word in _get_words(state, address).items()
            },
        }
        for address, account in state._main_trie._data.items()
    }


def list_changes(before: Any, after: Any) -> dict[str, Any]:
    """Accounts that are otherwise than before, with such words; nothing for one that is gone."""
    changes: dict[str, Any] = {}
    old, new = before._main_trie._data, after._main_trie._data
    for address in {**old, **new, **before._storage_tries, **after._storage_tries}:
        was, account = _get_words(before, address), _get_words(after, address)
        if old.get(address) == new.get(address) and was == account:
            continue
        if new.get(address) is None:
            changes[bytes(address).hex()] = None
            continue
        words = {
            _name_slot(slot): hex(int(account.get(slot, 0)))
            for slot in {**was, **account}
            if was.get(slot) != account.get(slot)
        }
        described = _describe_account(new[address])
        changes[bytes(address).hex()] = {**described, "storage": words}
    return changes


def _describe_account(account: Any) -> dict[str, Any]:
    return {
        "nonce": int(account.nonce),
        "balance": hex(int(account.balance)),
        "code": bytes(account.code).hex(),
    }


def _get_words(state: Any, address: Any) -> dict[Any, Any]:
    trie = state._storage_tries.get(address)
    return {} if trie is None else trie._data


def _name_slot(slot: bytes) -> str:
    return hex(int.from_bytes(slot, "big"))
