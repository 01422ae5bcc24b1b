"""A chain of this host as an audit reads it: a node's, or a validator's of its own."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import cbor2

from devnet.chain.history import History
from devnet.consensus.certificate import Certificate
from devnet.consensus.validator_set import ValidatorSet
from devnet.errors import BadBundle
from devnet.node import Node
from devnet.processes.home import Home
from devnet.validators.engine_book import EngineBook
from devnet.verification.audit.record import Claim, Record, Seal
from precompiles.errors import ModelMissing, PrecompileError
from precompiles.models.store import ModelStore


@dataclass(frozen=True, slots=True)
class LocalChain:
    """Blocks with everything behind them, and the stores that may have the models."""

    chain_id: int
    agreement: str
    history: History
    find_certificate: Callable[[int], Certificate | None]
    get_validators: Callable[[int], ValidatorSet]
    describe: Callable[[bytes], Mapping[str, str] | None]  # an engine by its fingerprint
    stores: Sequence[ModelStore]

    @property
    def head(self) -> int:
        return self.history.head.header.number

    def read_record(self, number: int) -> Record:
        """Raises: UnknownBlock, BadBundle, StoreError."""
        block = self.history.get_block(number)
        try:
            certificate = self.find_certificate(number)
        except (cbor2.CBORDecodeError, ValueError, TypeError) as broken:
            raise BadBundle(f"the certificate of block {number} does not read") from broken
        seal = None if certificate is None else self._seal(number, certificate)
        claims = (Claim(i.receipt, i.call.inputs, i.call.outputs) for i in block.inferences)
        return Record(block.header, seal, tuple(claims), is_imported=certificate is None)

    def _seal(self, number: int, certificate: Certificate) -> Seal:
        engines = {vote.fingerprint: self.describe(vote.fingerprint) for vote in certificate.votes}
        return Seal(certificate, self.get_validators(number), engines)

    def read_model(self, model_id: bytes) -> bytes:
        """The bytes of the first store that has them whole.

        Raises: ModelMissing; StoreCorrupt if all that have some have others.
        """
        refusals: list[PrecompileError] = []
        for store in self.stores:
            try:
                return store.get(model_id)
            except PrecompileError as refusal:
                refusals.append(refusal)
        raise min(refusals, key=lambda refusal: isinstance(refusal, ModelMissing))


def build_local_chain(node: Node) -> LocalChain:
    """The chain of a node, with the stores of all its validators."""
    cluster = node.cluster
    return LocalChain(
        chain_id=node.config.chain_id,
        agreement=node.config.agreement,
        history=node.history,
        find_certificate=cluster.find_certificate,
        get_validators=cluster.get_validators,
        describe=cluster.engines.find,
        stores=[validator.store for validator in cluster.validators],
    )


def build_home_chain(home: Home) -> LocalChain:
    """The chain of one validator's folder."""
    return LocalChain(
        chain_id=home.config.chain_id,
        agreement=home.config.agreement,
        history=home.history,
        find_certificate=home.find_last_commit,
        get_validators=home.get_validators,
        describe=EngineBook().find,  # this host's alone: a validator's folder keeps none
        stores=[home.validator.store],
    )
