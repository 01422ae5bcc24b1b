"""Guise: what stands between a participant and the world; nothing where its validator is honest."""

from collections.abc import Sequence
from dataclasses import dataclass

from devnet.consensus.participation.host import Application, Transport
from devnet.consensus.participation.signing import Signer
from devnet.consensus.tendermint.machine import Rules, apply
from devnet.validators.executor import Executor
from devnet.validators.faults.disguise import Censor, Disguise, twist_rules
from devnet.validators.faults.fault import Strategy
from devnet.validators.validator import Validator


@dataclass(frozen=True, slots=True)
class Guise:
    """How a participant speaks, what it asks of the chain, and how it decides."""

    transport: Transport
    application: Application
    rules: Rules = apply
    disguise: Disguise | None = None  # hears first what comes, gives back what it held


def choose_guise(
    validator: Validator,
    executor: Executor,
    transport: Transport,
    signer: Signer,
    others: Sequence[bytes],
) -> Guise:
    """As the validator's behavior is now.

    Args:
        others: addresses of those it may tell different things.
    """
    faults, stream = validator.conduct.faults, validator.conduct.stream
    if not faults:
        return Guise(transport, executor)
    disguise = Disguise(transport, validator.address, faults, signer, others, executor.vary, stream)
    application: Application = executor
    if any(fault.strategy is Strategy.CENSOR for fault in faults):
        application = Censor(executor, faults, executor.is_censored, stream)
    return Guise(disguise, application, twist_rules(apply, faults, stream), disguise)
