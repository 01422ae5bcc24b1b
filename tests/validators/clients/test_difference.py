"""A client with a wrong rule is found: who, in which block, at which receipt."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from devnet.errors import NoQuorum
from devnet.validators.misbehaviour import parse_behavior
from tests.validators.clients.conftest import Mixed

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.slow
GAS = """
import ethereum.forks.osaka.vm.gas as gas
gas.GAS_KECCAK256 += type(gas.GAS_KECCAK256)(1)
"""
OPCODE = """
import ethereum.forks.osaka.vm.instructions as instructions
implementation = instructions.op_implementation
implementation[instructions.Ops.MULMOD] = implementation[instructions.Ops.ADDMOD]
"""


STATE = """
import ethereum.forks.osaka.vm.instructions as instructions
implementation = instructions.op_implementation
implementation[instructions.Ops.XOR] = implementation[instructions.Ops.OR]
"""


def plant(python: Path, folder: Path, change: str) -> Path:
    """A Python whose EELS has a rule changed, before anything else is imported."""
    (folder / "sitecustomize.py").write_text(change)
    script = folder / "python"
    script.write_text(
        f'#!/bin/sh\nPYTHONPATH={shlex.quote(str(folder))} exec {shlex.quote(str(python))} "$@"\n'
    )
    script.chmod(0o755)
    return script


@pytest.mark.parametrize(
    ("change", "words"),
    [(GAS, "gas used {more}, others {right}"), (OPCODE, "event 0 of 0x")],
)
def test_a_wrong_rule_is_named_with_its_first_receipt(
    eels_python: Path, tmp_path: Path, assemble: Callable[..., bytes], change: str, words: str
) -> None:
    """Blocks without the rule are fine; the first with it names v3, and the chain goes on."""
    net = Mixed(plant(eels_python, tmp_path, change))
    net.send(b"\xf5" * 20)
    net.assert_agreed()
    code = assemble(7, 4, 5, "MULMOD", 0, "MSTORE", 32, 0, "SHA3", 0, "MSTORE", 32, 0, "LOG0")
    contract = net.deploy(code)
    place = net.send(contract, gas=100_000)
    block, right = place.block, place.receipt.gas_used
    found = net.node.cluster.record.disagreements[-1]
    assert (found.validator, found.height) == ("v3", block.header.number)
    assert f"block {block.header.number} round 0: v3 " in str(found)
    name = f"0x{place.transaction.hash.hex()[:8]}…"
    assert f"another result, first at the receipt of tx 0, {name}: " in str(found)
    assert words.format(more=right + 1, right=right) in str(found)
    net.node.mine()
    assert net.list_signers() == ["v0", "v1", "v2"]
    assert net.eels.stuck == f"at block {block.header.number}: own execution gives another result"


def test_a_state_that_differs_alone_is_named_by_account_and_slot(
    eels_python: Path, tmp_path: Path, assemble: Callable[..., bytes]
) -> None:
    """A wrong word is stored: no receipt shows it, the first account does."""
    net = Mixed(plant(eels_python, tmp_path, STATE))
    contract = net.deploy(assemble(3, 5, "XOR", 9, "SSTORE"))
    net.send(contract, gas=100_000)
    (found,) = net.node.cluster.record.disagreements
    assert str(found).endswith(
        f"v3 found another result, first at account 0x{contract.hex()}: slot 0x9 0x7, others 0x6; "
        "header fields state_root"
    )


def test_two_wrong_clients_stop_the_chain_which_says_where(
    eels_python: Path, tmp_path: Path, assemble: Callable[..., bytes]
) -> None:
    """Neither kind has a quorum: the halt names both groups and the receipt."""
    net = Mixed(plant(eels_python, tmp_path, GAS))
    net.node.set_behavior("v2", parse_behavior(f"engine:eels:{net.python}"))
    contract = net.deploy(assemble(32, 0, "SHA3"))
    with pytest.raises(NoQuorum) as stopped:
        net.send(contract, gas=100_000)
    for words in ("v0, v1 (power 2)", "v2, v3 (power 2)", "the receipt of tx 0", "gas used"):
        assert words in str(stopped.value)
