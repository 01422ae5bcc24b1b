"""The contract on Anvil: the same answers and the same gas as on a chain of ours."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from eth_abi.abi import encode
from eth_typing import ChecksumAddress
from hexbytes import HexBytes
from web3 import Web3
from web3.exceptions import ContractCustomError
from web3.types import TxParams, TxReceipt

from contracts import load
from devnet.verification.calldata import encode_verify
from tests.cli.conftest import find_port
from tests.conftest import Driver
from tests.contracts.bundles.conftest import ERRORS, Refusal, deploy
from tests.contracts.bundles.notary import CHAIN_ID, Notary

ROOT = Path(__file__).parents[3]
EXIT_UNAVAILABLE = 3
GAS = 16_000_000


@dataclass(frozen=True)
class Anvil:
    """A running Anvil and its first account."""

    w3: Web3

    def send(self, data: bytes, to: ChecksumAddress | None = None) -> TxReceipt:
        """The receipt of a transaction."""
        fields: TxParams = {"from": self.w3.eth.accounts[0], "data": HexBytes(data), "gas": GAS}
        sent = self.w3.eth.send_transaction({**fields, "to": to} if to else fields)
        return self.w3.eth.wait_for_transaction_receipt(sent)

    def find_error(self, to: ChecksumAddress, data: bytes) -> str:
        """The name of the custom error that a call reverts with."""
        with pytest.raises(ContractCustomError) as refused:
            self.w3.eth.call({"to": to, "data": HexBytes(data)})
        selector = HexBytes(str(refused.value.data))[:4]
        return str(ERRORS[bytes(selector)]["name"])


@pytest.fixture(scope="module")
def anvil() -> Iterator[Anvil]:
    """Anvil on a free port."""
    install = [sys.executable, str(ROOT / "scripts" / "install_anvil")]
    done = subprocess.run(install, capture_output=True, text=True, check=False, timeout=300)
    if done.returncode == EXIT_UNAVAILABLE and os.environ.get("CI") != "true":
        pytest.skip(f"Anvil cannot be had here: {done.stderr.strip()}")
    assert done.returncode == 0, done.stderr
    port = str(find_port())
    command = [done.stdout.strip(), "--silent", "--port", port, "--chain-id", "4242"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        w3 = Web3(Web3.HTTPProvider(f"http://127.0.0.1:{port}"))
        while not w3.is_connected():
            assert process.poll() is None, "it ended"
        yield Anvil(w3)
        process.terminate()


@pytest.mark.slow
def test_anvil_gives_the_same_answers_and_takes_the_same_gas(
    anvil: Anvil, elsewhere: Driver
) -> None:
    """Every step's refusal by its name, and the gas of what holds."""
    for validators in (1, 4, 7, 32):
        notary = Notary((1,) * validators)
        arguments = encode(["uint256", "bytes32", "uint256"], [CHAIN_ID, notary.set_hash, 0])
        created = anvil.send(load("BundleVerifier").bytecode + arguments)
        address = created["contractAddress"]
        assert address is not None
        ours = deploy(elsewhere, notary.set_hash)
        bundle = notary.notarise(8, 5)
        mined = anvil.send(encode_verify(bundle), address)
        taken = elsewhere.send(ours.address, encode_verify(bundle)).receipt
        assert (mined["status"], mined["gasUsed"]) == (1, taken.gas_used)
        for changed in (
            replace(bundle, chain_id=1),
            replace(bundle, validators=Notary((2,)).validators),
            replace(bundle, header=replace(bundle.header, gas_used=1)),
            notary.certify(bundle, list(notary.keys)[: 2 * validators // 3]),
            replace(bundle, count=9),
            replace(bundle, receipt=replace(bundle.receipt, output_digest=bytes(32))),
        ):
            answer = ours.call(encode_verify(changed))
            assert isinstance(answer, Refusal)
            assert anvil.find_error(address, encode_verify(changed)) == answer.error
