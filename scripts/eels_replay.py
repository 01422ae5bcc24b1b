"""Replays a chain with the specification (EELS); run by the Python of scripts/install_eels.

Reads JSON on stdin: `chainId`, `accounts`, `genesis` (header), `blocks` and their `forks`, all
bytes in hex. Writes a JSON list: for each block what EELS comes to, and why it refuses, if it does.
"""

import importlib
import json
import sys

from ethereum.fork_criteria import ByBlockNumber
from ethereum_rlp import rlp
from ethereum_types.bytes import Bytes20, Bytes32
from ethereum_types.numeric import U64, U256, Uint

OUTPUTS = []  # of `apply_body`, which the transition does not return
ALIASES = {"petersburg": "constantinople"}  # of mainnet both; EIP-1283 alone is not specified
LONDON_LENGTH = 16  # fields of a header
FIELDS = {15: "frontier", 16: "london", 17: "shanghai", 20: "cancun", 21: "prague"}


class Replay:
    """A chain that is carried from the module of one fork to that of the next."""

    def __init__(self, task):
        self.task = task
        self.accounts = {
            Bytes20(bytes.fromhex(address)): account
            for address, account in task["accounts"].items()
        }
        self.headers = [bytes.fromhex(task["genesis"])]
        self.name = ""
        self.chain = None

    def load(self, fork):
        return importlib.import_module(f"ethereum.forks.{self.name}.{fork}")

    def enter(self, name):
        """Move state and headers into the classes of another fork."""
        if self.chain is not None:
            self.accounts = dump_state(self.chain.state)
        self.name = name
        fork, state = self.load("fork"), self.load("state")
        is_first = self.name == "london" and len(rlp.decode(self.headers[-1])) < LONDON_LENGTH
        patch_fork(fork, len(self.headers) if is_first else 0)
        if hasattr(fork, "parse_deposit_requests"):
            contract = Bytes20(bytes.fromhex(self.task["depositContract"]))
            self.load("requests").DEPOSIT_CONTRACT_ADDRESS = contract
        headers = [self.decode_header(raw) for raw in self.headers[-255:]]
        blocks = [Past(header) for header in headers]
        self.chain = fork.BlockChain(blocks, state.State(), U64(self.task["chainId"]))
        self.fill_state(state)

    def fill_state(self, state):
        types = self.load("fork_types")
        for address, account in self.accounts.items():
            code = bytes.fromhex(account["code"])
            value = types.Account(Uint(account["nonce"]), U256(account["balance"]), code)
            state.set_account(self.chain.state, address, value)
            for slot, word in account["storage"].items():
                key = Bytes32(int(slot, 16).to_bytes(32, "big"))
                state.set_storage(self.chain.state, address, key, U256(word))

    def decode_header(self, raw):
        length = len(rlp.decode(raw))
        own = self.load("blocks").Header
        fits = length == len(own.__dataclass_fields__)
        header = (
            own
            if fits
            else importlib.import_module(f"ethereum.forks.{FIELDS[length]}.blocks").Header
        )
        return rlp.decode_to(header, raw)

    def add(self, raw):
        """What the specification makes of a block."""
        fork = self.load("fork")
        block = rlp.decode_to(self.load("blocks").Block, raw)
        OUTPUTS.clear()
        error = ""
        try:
            fork.state_transition(self.chain, block)
        except Exception as refused:
            error = f"{type(refused).__name__}: {refused}"
        self.headers.append(rlp.encode(block.header))
        if not OUTPUTS:
            return {"number": int(block.header.number), "error": error}
        output, trie = OUTPUTS[-1], self.load("trie")
        found = {
            "stateRoot": self.load("state").state_root(self.chain.state).hex(),
            "gasUsed": int(output.block_gas_used),
            "receiptsRoot": trie.root(output.receipts_trie).hex(),
        }
        return {"number": int(block.header.number), "error": error, **found}


class Past:
    """A block of which only the header matters."""

    def __init__(self, header):
        self.header = header
        self.ommers = ()


def patch_fork(fork, number):
    """Take what the specification fixes for mainnet from the task; seals are not looked at."""
    fork.validate_proof_of_work = lambda header: None
    if hasattr(fork, "FORK_CRITERIA"):
        fork.FORK_CRITERIA = ByBlockNumber(number)
    if not hasattr(fork, "original_apply_body"):
        fork.original_apply_body = fork.apply_body

        def apply_body(*args, **kwargs):
            output = fork.original_apply_body(*args, **kwargs)
            OUTPUTS.append(output)
            return output

        fork.apply_body = apply_body


def dump_state(state):
    """Accounts with their storage, as the task has them."""
    accounts = {}
    for address, account in state._main_trie._data.items():
        storage = state._storage_tries.get(address)
        words = {} if storage is None else storage._data
        accounts[address] = {
            "nonce": int(account.nonce),
            "balance": int(account.balance),
            "code": bytes(account.code).hex(),
            "storage": {bytes(slot).hex(): int(word) for slot, word in words.items()},
        }
    return accounts


def main():
    task = json.load(sys.stdin)
    replay = Replay(task)
    found = []
    for raw, fork in zip(task["blocks"], task["forks"], strict=True):
        name = ALIASES.get(fork, fork)
        if name != replay.name:
            replay.enter(name)
        found.append(replay.add(bytes.fromhex(raw)))
        if found[-1]["error"]:
            break
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
