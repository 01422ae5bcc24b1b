"""What a network begins with: keys, powers, and the staking contract that holds them."""

from dataclasses import dataclass

from contracts import load
from devnet.chain.predeploy import Predeploy
from devnet.config import Config
from devnet.consensus.signature import compute_address
from devnet.consensus.staking import STAKING, build_storage
from devnet.consensus.validator_set import Member, ValidatorSet
from devnet.streams import draw
from devnet.validators.agreement.selection import Agreement, parse_agreement


@dataclass(frozen=True, slots=True)
class Founding:
    """Equal for equal configurations."""

    keys: tuple[bytes, ...]  # of all validators, of those without power too
    validators: ValidatorSet  # who signs the first blocks
    predeploys: tuple[Predeploy, ...]  # the contract with everybody's stake; money for gas
    agreement: Agreement  # what makes validators take a proposed output


def build_founding(config: Config) -> Founding:
    """Draw keys, and put powers at stake. Raises: ConfigError for an unknown rule."""
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
    bringers = addresses if config.reports_evidence else ()  # who brings it pays for its gas
    purses = (Predeploy(address, config.balance_wei) for address in bringers)
    agreement = parse_agreement(config.agreement)
    return Founding(keys, validators, (staking, *purses), agreement)
