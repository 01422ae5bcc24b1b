"""What a check costs on another chain: the table of `contracts/README.md`, measured."""

import re
from pathlib import Path

from devnet.verification.calldata import encode_verify
from tests.conftest import Driver
from tests.contracts.bundles.conftest import deploy
from tests.contracts.bundles.notary import Notary

ROOT = Path(__file__).parents[3]
README = ROOT / "contracts" / "README.md"
VALIDATORS = (1, 4, 7, 32, 100)
INFERENCES = 8  # in the block, so three siblings


def measure(elsewhere: Driver, validators: int) -> str:
    """A row of the table; all validators have signed."""
    notary = Notary((1,) * validators)
    data = encode_verify(notary.notarise(INFERENCES, 5))
    deployed = deploy(elsewhere, notary.set_hash)
    receipt = elsewhere.send(deployed.address, data).receipt
    assert receipt.succeeded
    sending = 21_000 + 16 * len(data) - 12 * data.count(0)
    check = receipt.gas_used - sending
    return f"| {validators} | {len(data):,} | {check:,} | {receipt.gas_used:,} |"


def test_gas_of_a_check_is_what_the_readme_says(elsewhere: Driver) -> None:
    """Keys and values are the test's own, so the figures change with the contract alone."""
    table = re.findall(r"^\| \d[\d,]* \| .*", README.read_text(), re.MULTILINE)
    assert table == [measure(elsewhere, validators) for validators in VALIDATORS]
    (four,) = (row for row in table if row.startswith("| 4 |"))
    (told,) = re.findall(r"([\d,]+) gas for 4 validators", (ROOT / "README.md").read_text())
    assert four.endswith(f" {told} |")
