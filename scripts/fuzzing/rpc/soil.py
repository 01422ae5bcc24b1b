"""Soil: a small chain with something of everything, and what of it a request may name.

What answers name on the way is taken in too, the newest of each sort, so that requests meet
transactions, filters and snapshots of requests before them.
"""

from collections import deque
from collections.abc import Mapping
from typing import Any

from eth_abi.abi import encode
from eth_account import Account

from contracts import load
from devnet.config import DEFAULT_HARDFORK, Config
from devnet.errors import UnknownSnapshot
from devnet.node import Node
from devnet.rpc.dispatch import Dispatcher
from devnet.rpc.methods import build_methods
from devnet.validators.misbehaviour import HONEST
from precompiles.digest import compute_keccak
from precompiles.models.samples import read_digits, read_sample

MODEL = "digits_exact"
CLIENT_KEY = "0x" + "42" * 32  # of an account that signs for itself
_KEPT = 24  # of each sort that answers name
_RUNTIMES = (
    "6020356000355560003560005260203560206000a160206000f3",  # stores, logs and returns a word
    "366000600037366000fd",  # reverts with what it was called with
    "602036038060206000376000600082600060006000355af13d600060003e3d6000f3",  # calls another
    "33ff",  # gives all it has to its caller
)
_READ = compute_keccak(b"read(bytes)")[:4]
_HARVEST: Mapping[str, str] = {
    "eth_newFilter": "filters",
    "eth_newBlockFilter": "filters",
    "eth_newPendingTransactionFilter": "filters",
    "eth_subscribe": "subscriptions",
    "evm_snapshot": "snapshots",
    "eth_sendTransaction": "transactions",
    "eth_sendRawTransaction": "transactions",
}


class Soil:
    """One node, what grew on it, and the way back."""

    def __init__(self, hardfork: str = DEFAULT_HARDFORK) -> None:
        self.node = Node(Config(validators=1, hardfork=hardfork))
        self._table = Dispatcher(build_methods(self.node))
        self.accounts: tuple[str, ...] = tuple(self.ask("eth_accounts"))
        self.model: str = ""
        self.contracts = self._plant()
        self.head = self.node.head.header.number
        self.blocks = tuple(
            "0x" + self.node.history.get_block(number).hash.hex() for number in range(self.head + 1)
        )
        codes = [bytes.fromhex(self.ask("eth_getCode", a)[2:]) for a in self.contracts]
        self.code_keys = tuple("0x63" + compute_keccak(code).hex() for code in codes)
        self.mined: tuple[str, ...] = tuple(
            t["hash"]
            for number in range(self.head + 1)
            for t in self.ask("eth_getBlockByNumber", hex(number), True)["transactions"]
        )
        self.raw_transactions: tuple[str, ...] = tuple(
            self.ask("eth_getRawTransactionByHash", name) for name in self.mined[-6:]
        )
        self.models = tuple("0x" + read_sample(name).hex() for name in (MODEL, "volatility_exact"))
        self.raw_blocks: tuple[str, ...] = tuple(
            self.ask("debug_getRawBlock", hex(number)) for number in range(self.head + 1)
        )
        self.tensors = self._draw_tensors()
        self.live: dict[str, deque[str]] = {}
        self._snapshot = self.node.snapshot()
        self.reset()

    def ask(self, method: str, *params: object) -> Any:
        """The result of a method that must succeed."""
        return self._table.call(method, params)

    def reset(self) -> bool:
        """Everything as it was when the soil was made; False if a request used up the way back."""
        for validator in self.node.cluster.validators:
            self.node.cluster.set_behavior(validator.name, HONEST)
        self.node.cluster.record.disagreements.clear()
        try:
            self.node.revert(self._snapshot)
        except UnknownSnapshot:
            return False
        self._snapshot = self.node.snapshot()
        self.node.set_automine(True)
        self.live = {sort: deque(maxlen=_KEPT) for sort in sorted({*_HARVEST.values()})}
        return True

    def harvest(self, method: str, result: object) -> None:
        """Take in what an answer names."""
        if method in _HARVEST and isinstance(result, str):
            self.live[_HARVEST[method]].append(result)

    def _plant(self) -> tuple[str, ...]:
        model = "0x" + read_sample(MODEL).hex()
        self.model = self.ask(
            "inference_addModel",
            model,
            {"alias": "digits", "release": {"name": "digits", "version": "1.00"}},
        )["id"]
        reader = load("DigitReader").bytecode.hex() + self.model[2:]
        creations = [f"60{len(code) // 2:02x}80600b6000396000f3{code}" for code in _RUNTIMES]
        deployed = [self._send(data="0x" + creation) for creation in (*creations, reader)]
        contracts = [address for address in deployed if address]  # old forks lack instructions
        self._send(to=contracts[0], data="0x" + "01".zfill(64) + "02".zfill(64))
        self._send(to=contracts[1], data="0x08c379a0", gas="0x186a0")
        inner = contracts[0][2:].zfill(64) + "03".zfill(64) + "04".zfill(64)
        self._send(to=contracts[2], data="0x" + inner)
        self._send(to=self.accounts[1], value="0x1", gasPrice="0x77359400", type="0x0")
        self._send(to=Account.from_key(CLIENT_KEY).address, value=hex(10**18))
        digit = encode(["bytes"], [read_digits()[0][0].tobytes()])
        self._send(to=contracts[-1], data="0x" + (_READ + digit).hex())
        self.ask("evm_mine")
        return tuple(contracts)

    def _send(self, **fields: str) -> str:
        """Send from the first account; address of the contract if it makes one."""
        filled = {"from": self.accounts[0], "gas": "0x1e8480", **fields}
        receipt = self.ask("eth_getTransactionReceipt", self.ask("eth_sendTransaction", filled))
        return receipt["contractAddress"] or ""

    def _draw_tensors(self) -> dict[str, Any]:
        (given,) = self.ask("inference_model", self.model)["inputs"]
        pixels = read_digits()[0][0].tobytes()
        return {given["name"]: {"dtype": 2, "shape": [1, 64], "data": "0x" + pixels.hex()}}
