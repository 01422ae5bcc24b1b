"""What several rooms need: EVM code by mnemonic, and someone who sends transactions to a node.

The chain is imported where it is used, so that rooms below it do not take it.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from devnet.chain.history import Place
    from devnet.chain.origin import Origin
    from devnet.node import Node

INFERENCE = bytes(19) + b"\xf7"
TIP_WEI = 10**9
MAX_FEE_WEI = 5 * 10**9


class Driver:
    """A node and its first unlocked account, which sends and deploys."""

    def __init__(
        self, origin: Origin | None = None, node: Node | None = None, **options: Any
    ) -> None:
        from devnet.config import Config
        from devnet.node import Node

        self.node = node or Node(Config(**options), origin=origin)

    def sign(
        self,
        to: bytes | None,
        data: bytes = b"",
        value: int = 0,
        gas: int | None = None,
        nonce: int | None = None,
        max_fee: int = MAX_FEE_WEI,
        tip: int = TIP_WEI,
        account: int = 0,
    ) -> bytes:
        """Raw bytes of a transaction; gas and nonce are asked of the node if not given."""
        from devnet.chain.call import Call
        from devnet.chain.signing import UnsignedTransaction, sign_transaction

        sender = self.node.accounts[account]
        if nonce is None:
            nonce = self.node.get_pending_nonce(sender.address)
        if gas is None:
            gas = self.node.estimate_gas(Call(sender.address, to, value, data))
        unsigned = UnsignedTransaction(nonce, to, value, data, gas, max_fee, tip)
        return sign_transaction(unsigned, self.node.config.chain_id, sender.key)

    def send(self, to: bytes | None, data: bytes = b"", gas: int | None = None) -> Place:
        """Send, and where it was mined."""
        return self.node.history.get_transaction(self.node.send_raw(self.sign(to, data, gas=gas)))

    def deploy(self, runtime: bytes) -> bytes:
        """Address of a new contract with this code."""
        address = self.send(None, wrap_code(runtime)).receipt.contract_address
        assert address is not None
        return address

    def list_signers(self, number: int | None = None) -> list[str]:
        """Names of those whose votes are in the certificate of a block, the head's if not given."""
        votes = self.node.get_certificate(number or self.node.head.header.number).votes
        names = {v.address: v.name for v in self.node.cluster.validators}
        return [names[vote.validator] for vote in votes]

    def add_digits(self) -> bytes:
        """Register the digit model; returns its id."""
        from devnet.models import Models
        from precompiles.models.samples import read_sample

        return Models(self.node).add(read_sample("digits_exact")).model_id

    def infer(self, model_id: bytes, digit: int = 0, gas: int | None = None) -> Place:
        """One inference by a transaction straight to the precompile."""
        return self.send(INFERENCE, encode_infer(model_id, digit), gas)


def encode_infer(model_id: bytes, digit: int = 0) -> bytes:
    """Call data of `infer` with one held-out digit."""
    from precompiles.inference import INFER
    from precompiles.models.samples import read_digits
    from precompiles.tensor import DType, Tensor, encode_tensors

    pixels, _ = read_digits()
    tensor = Tensor(DType.UINT8, (1, 64), pixels[digit].tobytes())
    return INFER + model_id + (64).to_bytes(32, "big") + encode_tensors([tensor])[32:]


def assemble_code(*parts: str | int | bytes) -> bytes:
    """EVM code: mnemonics as they are, integers as the shortest push, bytes as a push of them."""
    import eth.consensus  # noqa: F401  # py-evm has an import cycle that only this order resolves
    from eth.vm import opcode_values

    code = b""
    for part in parts:
        if isinstance(part, str):
            code += bytes([getattr(opcode_values, part)])
        else:
            word = part if isinstance(part, bytes) else part.to_bytes(-(-part.bit_length() // 8))
            code += bytes([opcode_values.PUSH0 + len(word)]) + word
    return code


def wrap_code(runtime: bytes) -> bytes:
    """Creation code that deploys `runtime`."""
    size = len(runtime).to_bytes(2)
    head = assemble_code(size, "DUP1", b"\x0a", 0, "CODECOPY", 0, "RETURN")
    assert len(head) == 10
    return head + runtime


@pytest.fixture(scope="session")
def assemble() -> Callable[..., bytes]:
    """`assemble_code`."""
    return assemble_code


@pytest.fixture(scope="session")
def wrap() -> Callable[[bytes], bytes]:
    """`wrap_code`."""
    return wrap_code


@pytest.fixture(scope="session")
def infer_data() -> Callable[..., bytes]:
    """`encode_infer`."""
    return encode_infer


@pytest.fixture(scope="session")
def start() -> type[Driver]:
    """Starts a node of its own configuration: `start(validators=1)`."""
    return Driver


@pytest.fixture(scope="session")
def eels_python() -> Path:
    """A Python that has EELS; where it cannot be installed, a failure in CI, else a skip."""
    script = Path(__file__).resolve().parents[1] / "scripts" / "install_eels"
    installed = subprocess.run([sys.executable, script], capture_output=True, text=True)
    if installed.returncode:
        said = installed.stderr.strip()
        if os.environ.get("CI") == "true":
            pytest.fail(f"EELS is not installed: {said}")
        pytest.skip(f"EELS is not installed, THERE IS NO SECOND OPINION: {said}")
    return Path(installed.stdout.strip()) / "bin" / "python"


@pytest.fixture
def driver() -> Driver:
    """A fresh network of four."""
    return Driver()


@pytest.fixture(scope="module")
def _digits() -> tuple[Driver, bytes]:
    driver = Driver()
    return driver, driver.add_digits()


@pytest.fixture
def digits(_digits: tuple[Driver, bytes]) -> Iterator[tuple[Driver, bytes]]:
    """A network of four that knows the digit model, and the model's id; undone after each test."""
    from devnet.validators.misbehaviour import HONEST

    driver, model_id = _digits
    before = driver.node.snapshot()
    yield driver, model_id
    for validator in driver.node.cluster.validators:
        driver.node.cluster.set_behavior(validator.name, HONEST)
    driver.node.revert(before)
    driver.node.automine = True
