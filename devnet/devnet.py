"""class Devnet: the face for Python users, a node with web3, deployment and snapshots.

net = Devnet(validators=4, seed=0)
model = net.models.add("digits.onnx")
reader = net.deploy("DigitReader", model.id)
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from web3 import Web3
from web3.contract import Contract

from contracts import load
from devnet.audits import build_local_chain
from devnet.chain.block import Inference
from devnet.config import Config, Host
from devnet.consensus.agreement import Agreement, parse_agreement
from devnet.errors import ConfigError
from devnet.model_source import read_model
from devnet.models import Added, Model, Models
from devnet.node import Node
from devnet.proofs import build_proof
from devnet.testing.provider import NodeProvider
from devnet.validators.misbehaviour import parse_behavior
from devnet.verification.audit.audit import audit_blocks, select_blocks
from devnet.verification.audit.execution import EXACT
from devnet.verification.audit.finding import Finding
from devnet.verification.audit.workers import open_workers
from devnet.verification.bundle import Bundle
from devnet.verification.verifier import Verdict, verify_bundle
from precompiles.dtypes import NUMPY_DTYPES
from precompiles.engine.canonical import to_array, to_tensor
from precompiles.models.graph import Array


class Hub:
    """Models of a devnet, by file, bytes or the name of a bundled sample."""

    def __init__(self, models: Models) -> None:
        self._models = models

    def add(self, source: str | Path | bytes, alias: str | None = None) -> Model:
        """Register a model: a path, its bytes, or a sample such as "digits_exact".

        Raises: ConfigError if there is no such file; NotAdmitted with reason and remedy.
        """
        added: Added = self._models.add(read_model(source), alias)
        return self._models.find("0x" + added.model_id.hex())

    def list(self) -> tuple[Model, ...]:
        return self._models.list()

    def find(self, reference: str) -> Model:
        return self._models.find(reference)


class Proof:
    """A proof bundle with the model file it needs."""

    def __init__(self, bundle: Bundle, model: bytes, agreement: Agreement) -> None:
        """`agreement` is the rule of the chain that it is of."""
        self.bundle = bundle
        self._model, self._agreement = model, agreement

    def verify(self, trusted_set: bytes | None = None) -> Verdict:
        """Check it as `devnet verify` does, without the node, by the rule of its chain.

        Args:
            trusted_set: hash of a validator set of the chain.
        """
        agreement = None if self._agreement.is_exact else self._agreement
        return verify_bundle(self.bundle, self._model, trusted_set, agreement=agreement)


class Devnet:
    """A devnet in this process; also a context manager."""

    def __init__(
        self, validators: int = 4, seed: int = 0, data_dir: Path | None = None, **options: Any
    ) -> None:
        """
        Args:
            data_dir: where the chain is kept, and gone on with; in memory if not given.
            options: fields of `Config`.
        """
        config = Config(validators=validators, seed=seed, **options)
        self.node = Node(config, Host(data_dir=data_dir))
        self._models = Models(self.node)
        self.models = Hub(self._models)

    def __enter__(self) -> "Devnet":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Let another process have the data directory."""
        self.node.close()

    @cached_property
    def w3(self) -> Web3:
        """web3 on this chain, in process; the first account is the default sender."""
        w3 = Web3(NodeProvider(self.node))
        if w3.eth.accounts:
            w3.eth.default_account = w3.eth.accounts[0]
        return w3

    def infer(self, model: Model | str, inputs: Mapping[str, Any]) -> dict[str, Array]:
        """Run a model as a transaction would.

        Shapes: as the manifest declares; values that fit are cast to the declared dtype.
        Raises: UnknownModel, BadInput.
        """
        reference = model if isinstance(model, str) else "0x" + model.id.hex()
        manifest = self._models.find(reference).registration.manifest
        kinds = {kind.name: NUMPY_DTYPES[kind.dtype] for kind in manifest.inputs}
        tensors = {
            name: to_tensor(np.asarray(value, kinds.get(name))) for name, value in inputs.items()
        }
        call = self._models.run(reference, tensors)
        return {
            kind.name: to_array(tensor)
            for kind, tensor in zip(manifest.outputs, call.outputs, strict=True)
        }

    def deploy(self, contract: str | tuple[Any, bytes] | type[Contract], *args: Any) -> Contract:
        """Deploy by artifact name, (abi, bytecode) or a web3 contract class."""
        if isinstance(contract, str):
            artifact = load(contract)
            factory = self.w3.eth.contract(abi=artifact.abi, bytecode=artifact.bytecode)
        elif isinstance(contract, tuple):
            factory = self.w3.eth.contract(abi=contract[0], bytecode=contract[1])
        else:
            factory = contract
        receipt = self.w3.eth.wait_for_transaction_receipt(factory.constructor(*args).transact())
        address = receipt["contractAddress"]
        if address is None:
            raise ConfigError("the constructor reverted; check its arguments")
        return self.w3.eth.contract(address=address, abi=factory.abi)

    @contextmanager
    def anchor(self) -> Iterator[None]:
        """Snapshot now, and back to it at the end of the block."""
        snapshot = self.node.snapshot()
        try:
            yield
        finally:
            self.node.revert(snapshot)

    def receipts(self, transaction_hash: bytes) -> tuple[Inference, ...]:
        """Model calls of a transaction, in order of execution."""
        return self.node.history.get_transaction(bytes(transaction_hash)).inferences

    def bundle(self, transaction_hash: bytes, index: int = 0) -> Proof:
        """Proof of one model call."""
        bundle = build_proof(self.node, bytes(transaction_hash), index)
        model = self.node.cluster.reader.store.get(bundle.receipt.model_id)
        return Proof(bundle, model, parse_agreement(self.node.config.agreement))

    def audit(self, first: int = 0, last: int | None = None, jobs: int = 1) -> tuple[Finding, ...]:
        """Run every model call of a range of blocks again, and judge by the rule of this chain.

        Args:
            last: the head if not given.
            jobs: processes that run models; more than one needs a script that may be imported.
        Raises: ConfigError if there are no such blocks.
        """
        chain = build_local_chain(self.node)
        numbers = select_blocks(first, chain.head if last is None else last, chain.head)
        rule = "" if chain.agreement == EXACT else chain.agreement
        with open_workers(jobs, rule) as workers:
            return tuple(audit_blocks(chain, numbers, workers))

    def set_behavior(self, validator: str, behavior: str) -> None:
        """Change what a validator does: `net.set_behavior("v2", "wrong-model")`."""
        self.node.set_behavior(validator, parse_behavior(behavior))
