"""What a network begins with: keys, powers, and the contracts that hold them to their work."""

from dataclasses import dataclass

from contracts import load
from devnet.chain.forks.fork import Fork, parse_fork
from devnet.chain.predeploy import Predeploy
from devnet.config import Config
from devnet.consensus.agreement import Agreement, parse_agreement
from devnet.consensus.optimistic import OPTIMISTIC, build_terms
from devnet.consensus.signature import compute_address
from devnet.consensus.staking import STAKING, build_storage
from devnet.consensus.validator_set import Member, ValidatorSet
from devnet.errors import ConfigError
from devnet.streams import draw


@dataclass(frozen=True, slots=True)
class Founding:
    """Equal for equal configurations."""

    keys: tuple[bytes, ...]  # of all validators, of those without power too
    validators: ValidatorSet  # who signs the first blocks
    predeploys: tuple[Predeploy, ...]  # contracts, with everybody's stake; money for gas
    agreement: Agreement  # what makes validators take a proposed output


def build_founding(config: Config) -> Founding:
    """Draw keys, and put powers at stake.

    Raises: ConfigError for an unknown agreement, or a rule that does not go with the fork.
    """
    keys = tuple(draw(config.seed, "validator", index) for index in range(config.validators))
    addresses = tuple(map(compute_address, keys))
    pairs = zip(addresses, config.all_powers, strict=True)
    validators = ValidatorSet(tuple(Member(address, power) for address, power in pairs if power))
    staking = Predeploy(
        STAKING,
        validators.total_power * config.staking.unit_wei,
        load("Staking").deployed_bytecode,
        build_storage(validators, config.staking),
    )
    pays = config.reports_evidence or config.is_optimistic  # for gas and bonds
    purses = (Predeploy(address, config.balance_wei) for address in addresses if pays)
    predeploys = (staking, *_build_disputes(config), *purses)
    return Founding(keys, validators, predeploys, parse_agreement(config.agreement))


def _build_disputes(config: Config) -> tuple[Predeploy, ...]:
    if not config.is_optimistic:
        return ()
    if parse_fork(config.hardfork) < Fork.CANCUN:
        raise ConfigError(
            f"the optimistic rule needs cancun or later, the hardfork is {config.hardfork}"
        )
    code = load("OptimisticInference").deployed_bytecode
    return (Predeploy(OPTIMISTIC, 0, code, build_terms(config.optimistic)),)
