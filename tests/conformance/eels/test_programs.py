"""Random programs with structure: gas, output and state are the specification's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from devnet.chain.forks.fork import Fork
from devnet.chain.forks.schedule import build_schedule
from tests.conformance.dice import Dice
from tests.conformance.eels.conftest import assert_agreed
from tests.conformance.random_chain import RandomChain
from tests.conformance.random_code import CONTRACTS, ops, push
from tests.conformance.random_program import Structure

if TYPE_CHECKING:
    from tests.conformance.eels.conftest import Replay

pytestmark = pytest.mark.slow
PROGRAMS = 80  # of one chain
FORKS = (Fork.BYZANTIUM, Fork.BERLIN, Fork.CANCUN, Fork.OSAKA, Fork.BPO2)
GAS = (1_000_000, 40_000, 9_000, 2_500)  # a program runs with each: it ends, or runs out somewhere


def build_driver(programs: list[bytes]) -> bytes:
    """Calls each program with each gas; keeps success, gas, size and hash of the output."""
    code = b""
    for index, address in enumerate(programs):
        for turn, gas in enumerate(GAS):
            slot = 4 * (len(GAS) * index + turn)
            kind = push(0, 0, 64, 0, 0, address, gas) + ops("CALL")
            code += ops("GAS") + kind + push(slot) + ops("SSTORE")
            code += ops("GAS", "SWAP1", "SUB") + push(slot + 1) + ops("SSTORE", "RETURNDATASIZE")
            code += push(slot + 2) + ops("SSTORE", "RETURNDATASIZE") + push(0, 0)
            code += ops("RETURNDATACOPY", "RETURNDATASIZE") + push(0) + ops("SHA3")
            code += push(slot + 3) + ops("SSTORE")
    return code


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("fork", FORKS, ids=[fork.name.lower() for fork in FORKS])
def test_programs_run_as_specified(replay: Replay, fork: Fork, seed: int) -> None:
    """Each with plenty of gas and with too little: what it did, gave back and cost is the same."""
    dice = Dice(1_000 + seed, fork)
    programs, drivers = {}, {}
    for number in range(PROGRAMS):
        structure = Structure(dice)
        code = structure.write_noise() if number % 5 == 0 else structure.write()
        programs[b"\xdd" * 18 + number.to_bytes(2)] = code
    addresses = list(programs)
    for number in range(0, PROGRAMS, 4):
        driver = b"\xdc" * 18 + number.to_bytes(2)
        drivers[driver] = build_driver(addresses[number : number + 4])
    callees = {address: dice.program(6) for address in CONTRACTS}
    chain = RandomChain(dice, build_schedule(fork), {**programs, **drivers, **callees})
    for number, driver in enumerate(drivers):
        data = dice.random.randbytes(64)
        block = chain.send(number % 6, driver, data, gas=16_000_000, gasPrice=10**10)
        assert block.receipts[0].succeeded
    assert count_successes(chain, list(drivers)) > PROGRAMS // 2
    assert_agreed(chain, replay)


def count_successes(chain: RandomChain, drivers: list[bytes]) -> int:
    """How many runs came to their end."""
    state = chain.world.open(chain.head.state_root, chain.head)
    slots = range(0, 4 * len(GAS) * 4, 4)
    return sum(state.get_storage(driver, slot) == 1 for driver in drivers for slot in slots)
