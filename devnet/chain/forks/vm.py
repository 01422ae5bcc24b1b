"""py-evm's rules for each fork, with Osaka on top and what is wrong upstream put right.

| upstream | here |
|---|---|
| stops at Prague | CLZ (EIP-7939), P-256 (7951), MODEXP bounds and gas (7823, 7883) |
| blob price by constants of the fork | by the chain's blob schedule (EIP-7840, 7892) |
| MODEXP of an empty base to the power 0 is 0 | 1 |
| point evaluation loads the trusted setup at each call and checks by `assert` | once; by `if` |
| initcode gas is charged twice where a delegated sender creates (EIP-7702) | once |
| a sender delegated to a precompile runs the precompile's code | nothing runs |
"""

from typing import Any

from eth import constants
from eth.exceptions import VMError
from eth.vm.forks.arrow_glacier.state import ArrowGlacierState
from eth.vm.forks.berlin.state import BerlinState
from eth.vm.forks.byzantium.state import ByzantiumState
from eth.vm.forks.cancun.state import CancunState
from eth.vm.forks.constantinople.state import ConstantinopleState
from eth.vm.forks.frontier.state import FrontierState
from eth.vm.forks.gray_glacier.state import GrayGlacierState
from eth.vm.forks.homestead.state import HomesteadState
from eth.vm.forks.istanbul.state import IstanbulState
from eth.vm.forks.london.state import LondonState
from eth.vm.forks.muir_glacier.state import MuirGlacierState
from eth.vm.forks.paris.state import ParisState
from eth.vm.forks.petersburg.state import PetersburgState
from eth.vm.forks.prague.state import PragueState, PragueTransactionExecutor
from eth.vm.forks.shanghai.state import ShanghaiState
from eth.vm.forks.spurious_dragon.state import SpuriousDragonState
from eth.vm.forks.tangerine_whistle.state import TangerineWhistleState
from eth.vm.opcode import as_opcode

from devnet.chain.forks.blob import compute_blob_base_fee
from devnet.chain.forks.fork import Fork
from devnet.chain.forks.kzg import BLS_MODULUS, compute_versioned_hash, is_proven
from devnet.chain.forks.modexp import OperandTooLong, compute_modexp, compute_modexp_gas
from devnet.chain.forks.p256 import GAS_P256_VERIFY, verify_p256
from devnet.chain.forks.rules import Rules

CLZ = 0x1E
MODEXP_ADDRESS = bytes(19) + b"\x05"
POINT_EVALUATION_ADDRESS = bytes(19) + b"\x0a"
P256_ADDRESS = bytes(18) + b"\x01\x00"
GAS_POINT_EVALUATION = 50_000
FIELD_ELEMENTS = 4_096  # in a blob
_UPSTREAM = {
    Fork.FRONTIER: FrontierState,
    Fork.HOMESTEAD: HomesteadState,
    Fork.TANGERINE_WHISTLE: TangerineWhistleState,
    Fork.SPURIOUS_DRAGON: SpuriousDragonState,
    Fork.BYZANTIUM: ByzantiumState,
    Fork.CONSTANTINOPLE: ConstantinopleState,
    Fork.PETERSBURG: PetersburgState,
    Fork.ISTANBUL: IstanbulState,
    Fork.MUIR_GLACIER: MuirGlacierState,
    Fork.BERLIN: BerlinState,
    Fork.LONDON: LondonState,
    Fork.ARROW_GLACIER: ArrowGlacierState,
    Fork.GRAY_GLACIER: GrayGlacierState,
    Fork.PARIS: ParisState,
    Fork.SHANGHAI: ShanghaiState,
    Fork.CANCUN: CancunState,
    Fork.PRAGUE: PragueState,
}


class PricedState:
    """A state that prices blobs by the chain's schedule."""

    rules: Rules
    execution_context: Any

    @property
    def blob_base_fee(self) -> int:
        return compute_blob_base_fee(self.execution_context.excess_blob_gas, self.rules.blob)


class DelegationExecutor(PragueTransactionExecutor):
    """Runs nothing for a sender that is delegated to a precompile."""

    def get_code_at_address(self, code_address: Any) -> Any:
        code, delegate = super().get_code_at_address(code_address)
        is_precompile = delegate in self.vm_state.computation_class.get_precompiles()
        return b"" if is_precompile else code, delegate


def build_state_class(rules: Rules) -> type[Any]:
    """A fresh state class that follows `rules`; it carries them as `rules`."""
    upstream = _UPSTREAM[min(rules.fork, Fork.PRAGUE)]
    bases = (PricedState, upstream) if rules.fork >= Fork.CANCUN else (upstream,)
    computation = _build_computation(upstream.computation_class, rules.fork)
    members = {"rules": rules, "computation_class": computation}
    if rules.fork >= Fork.PRAGUE:
        members["transaction_executor_class"] = DelegationExecutor
    return type(f"{rules.fork.name.title()}State", bases, members)


def _build_computation(upstream: type[Any], fork: Fork) -> type[Any]:
    opcodes = dict(upstream.opcodes)
    precompiles = dict(upstream.get_precompiles())
    if fork >= Fork.BYZANTIUM:
        precompiles[MODEXP_ADDRESS] = _bind_modexp(fork)
    if fork >= Fork.CANCUN:
        precompiles[POINT_EVALUATION_ADDRESS] = _evaluate_point
    if fork >= Fork.OSAKA:
        precompiles[P256_ADDRESS] = _verify_p256
        opcodes[CLZ] = as_opcode(_count_leading_zeros, "CLZ", constants.GAS_LOW)
    members = {
        "opcodes": opcodes,
        "_precompiles": precompiles,
        "is_origin_computation": property(_is_outermost),
    }
    return type(f"{fork.name.title()}Computation", (upstream,), members)


def _is_outermost(computation: Any) -> bool:
    return bool(computation.msg.depth == 0)


def _count_leading_zeros(computation: Any) -> None:
    computation.stack_push_int(256 - computation.stack_pop1_int().bit_length())


def _bind_modexp(fork: Fork) -> Any:
    def modexp(computation: Any) -> Any:
        data = computation.msg.data_as_bytes
        try:
            computation.consume_gas(compute_modexp_gas(data, fork), reason="MODEXP")
        except OperandTooLong as refused:
            raise VMError(f"MODEXP: {refused}") from refused
        computation.output = compute_modexp(data)
        return computation

    return modexp


def _evaluate_point(computation: Any) -> Any:
    computation.consume_gas(GAS_POINT_EVALUATION, reason="point evaluation")
    data = computation.msg.data_as_bytes
    if len(data) != 192:
        raise VMError(f"point evaluation of {len(data)} bytes, must have 192")
    versioned_hash, z, y, commitment, proof = (
        data[start:end] for start, end in ((0, 32), (32, 64), (64, 96), (96, 144), (144, 192))
    )
    if compute_versioned_hash(commitment) != versioned_hash:
        raise VMError("point evaluation: the commitment is another one")
    if not is_proven(commitment, z, y, proof):
        raise VMError("point evaluation: the proof does not hold")
    computation.output = FIELD_ELEMENTS.to_bytes(32, "big") + BLS_MODULUS.to_bytes(32, "big")
    return computation


def _verify_p256(computation: Any) -> Any:
    computation.consume_gas(GAS_P256_VERIFY, reason="P256VERIFY")
    computation.output = verify_p256(computation.msg.data_as_bytes)
    return computation
