"""Nanoseconds per gas: inference beside plain EVM code on this host, in one run.

The schedule is calibrated when every exact row is within a factor of 3 of the EVM rows' median, and
portable ones, whose operands may be 15 times as hard, rarely 45 times, are below it.
"""

import statistics
from collections.abc import Mapping
from typing import Any

from benches.inference import Prepared, prepare
from benches.sample import build_samples
from benches.timing import compute_medians_s
from devnet.chain.call import Call, execute_call
from devnet.config import Config
from devnet.node import Node
from precompiles.gas import compute_infer_gas
from precompiles.interface import Meter

_LOOP = "61{count}5b{body}6001900380600357"  # count; again: body; count -= 1; repeat until 0
_PROGRAMS = {
    "EVM: counting": "",
    "EVM: arithmetic": "6007810260050160039004505b",
    "EVM: memory": "8060205260205150",
    "EVM: keccak": "604060002050604060002050604060002050604060002050604060002050",
    "EVM: storage reads": "60005450600154506002545060035450",
}
_GAS = 25_000_000


def measure() -> list[Mapping[str, Any]]:
    """One row a workload: gas, nanoseconds per gas, and the ratio to the median EVM row."""
    evm = [(name, *_measure_program(body)) for name, body in _PROGRAMS.items()]
    prepared = [prepare(sample) for sample in build_samples()]
    inference = [_measure_model(each) for each in prepared]
    unit = statistics.median(seconds / gas for _, gas, seconds in evm)
    return [
        {"workload": name, "gas": gas, "ns per gas": s / gas * 1e9, "against EVM": s / gas / unit}
        for name, gas, s in (*evm, *inference)
    ]


def _measure_program(body: str) -> tuple[int, float]:
    code = bytes.fromhex(_LOOP.format(count="1000", body=body))
    node = Node(Config(validators=1))
    world, header = node.cluster.world, node.head.header
    call = Call(data=code, gas=_GAS)
    empty = Call(data=b"\x00" * len(code), gas=_GAS)
    full, nothing = compute_medians_s(
        (
            lambda: execute_call(world, header, (), call),
            lambda: execute_call(world, header, (), empty),
        )
    )
    spent = execute_call(world, header, (), call).gas_spent
    return spent - execute_call(world, header, (), empty).gas_spent, full - nothing


def _measure_model(prepared: Prepared) -> tuple[str, int, float]:
    (seconds,) = compute_medians_s((prepared.infer,))
    gas = compute_infer_gas(prepared.schedule, prepared.manifest)
    meter = Meter(10**12)
    prepared.infer(meter)
    assert meter.used == gas, "quote and charge are one"
    return prepared.name, gas, seconds
