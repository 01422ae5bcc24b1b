"""Models of a running devnet: handed to every validator, registered on chain, run off chain.

What is registered comes from contract state; the bytes come from the validators' stores.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from eth_abi.abi import encode

from devnet.chain.call import Call
from devnet.chain.forks.fork import Fork
from devnet.chain.revert import describe_revert
from devnet.chain.signing import (
    UnsignedPricedTransaction,
    UnsignedTransaction,
    find_binding,
    sign_transaction,
)
from devnet.errors import ConfigError, ExecutionReverted, HostError
from devnet.node import Node
from precompiles.aliases import read_alias, read_aliases
from precompiles.digest import decode_cid
from precompiles.errors import BadInput, Fatal, UnknownModel, WriteProtection
from precompiles.gas import compute_infer_gas
from precompiles.inference import INFER, INFERENCE, run_inference
from precompiles.interface import InferenceCall, Meter, StorageReader
from precompiles.models.admission import NO_DIMENSIONS, admit_model
from precompiles.models.manifest import Registration
from precompiles.registry import (
    PUBLISH,
    REGISTER,
    REGISTER_BOUND,
    REGISTRY,
    SET_ALIAS,
    read_models,
    read_registration,
)
from precompiles.releases import RELEASE_TYPE, Release, list_fields
from precompiles.tensor import Tensor, encode_tensors

_TIP_WEI = 10**9
UNLIMITED_GAS = 2**63


@dataclass(frozen=True, slots=True)
class Model:
    """A registered model and its names."""

    registration: Registration
    aliases: tuple[str, ...]

    @property
    def id(self) -> bytes:
        return self.registration.manifest.model_id


@dataclass(frozen=True, slots=True)
class Added:
    """What adding a model did."""

    model_id: bytes
    transaction_hash: bytes | None  # None if it was registered already


class Models:
    """The model hub of one node."""

    def __init__(self, node: Node) -> None:
        self._node = node

    def add(
        self,
        model: bytes,
        alias: str | None = None,
        dimensions: Mapping[str, int] = NO_DIMENSIONS,
        release: Release | None = None,
    ) -> Added:
        """Check a model, hand it to every validator, register it, name it, publish it.

        Args:
            dimensions: sizes of dynamic dimensions, by name or `input:axis`.
            release: the repository and version to publish it under.
        Raises: NotAdmitted or TooLarge before anything is kept; ChainError if the chain refuses;
            ConfigError without automine, as a name needs a registered model.
        """
        if not self._node.automine and (alias is not None or release is not None):
            raise ConfigError("automine is off: register now, set the alias when that is mined")
        admit_model(model, dimensions)
        model_id = self._node.cluster.put_model(model)
        transaction_hash = None
        known = read_registration(self._node.open_storage(), model_id)
        if known is None or dict(known.manifest.dimensions) != dict(dimensions):
            transaction_hash = self._send(encode_registering(model_id, dimensions))
        if alias is not None and read_alias(self._node.open_storage(), REGISTRY, alias) != model_id:
            self._send(SET_ALIAS + encode(["string", "bytes32"], [alias, model_id]))
        if release is not None:
            self._send(
                PUBLISH + encode(["bytes32", RELEASE_TYPE], [model_id, list_fields(release)])
            )
        return Added(model_id, transaction_hash)

    def list(self) -> tuple[Model, ...]:
        """Registered models, oldest first."""
        storage = self._node.open_storage()
        names = read_aliases(storage, REGISTRY)
        return tuple(
            Model(found, _get_names(names, found.manifest.model_id))
            for found in read_models(storage)
        )

    def find(self, reference: str) -> Model:
        """The model with this id (0x...), CID or alias.

        Raises: UnknownModel.
        """
        storage = self._node.open_storage()
        model_id = _parse_reference(reference) or read_alias(storage, REGISTRY, reference)
        registration = read_registration(storage, model_id) if model_id else None
        if registration is None:
            known = ", ".join(name for model in self.list() for name in model.aliases)
            raise UnknownModel(
                f"no model '{reference}' on this chain; add it with 'devnet model add FILE'"
                + (f" or use one of: {known}" if known else "")
            )
        names = _get_names(read_aliases(storage, REGISTRY), registration.manifest.model_id)
        return Model(registration, names)

    def quote(self, reference: str) -> int:
        """Gas of one `infer` call."""
        manifest = self.find(reference).registration.manifest
        return compute_infer_gas(self._node.config.schedule, manifest)

    def run(self, reference: str, inputs: Mapping[str, Tensor]) -> InferenceCall:
        """Run a model through the precompile on the state of the head; nothing is recorded.

        Costs no gas, so an input may be larger than a transaction can carry.

        Raises: UnknownModel; BadInput naming the input that is missing, unknown or of another type;
            HostError if this host cannot answer.
        """
        manifest = self.find(reference).registration.manifest
        wanted = [tensor.name for tensor in manifest.inputs]
        if sorted(inputs) != sorted(wanted):
            raise BadInput(f"inputs {sorted(inputs)} given, the model wants {wanted}")
        tensors = encode_tensors([inputs[name] for name in wanted])
        data = INFER + manifest.model_id + (64).to_bytes(32, "big") + tensors[32:]
        reader = self._node.cluster.reader
        view = _HeadView(self._node.open_storage())
        schedule = self._node.config.schedule
        try:
            run_inference(reader.engine, schedule, data, Meter(UNLIMITED_GAS), view)
        except Fatal as fault:
            raise HostError(f"{type(fault).__name__}: {fault}") from fault
        assert view.call is not None, "a finished inference records its call"
        return view.call

    def _send(self, data: bytes) -> bytes:
        node = self._node
        if not node.accounts:
            raise ConfigError("no unlocked account to register with; start with --accounts 1")
        account = node.accounts[0]
        call = Call(sender=account.address, to=REGISTRY, data=data)
        nonce, gas = node.get_pending_nonce(account.address), node.estimate_gas(call)
        price = 2 * node.next_base_fee + _TIP_WEI
        unsigned: UnsignedTransaction | UnsignedPricedTransaction
        if node.next_rules.fork >= Fork.LONDON:
            unsigned = UnsignedTransaction(nonce, REGISTRY, 0, data, gas, price, _TIP_WEI)
        else:
            unsigned = UnsignedPricedTransaction(nonce, REGISTRY, 0, data, gas, price)
        binding = find_binding(node.config.chain_id, node.next_rules.fork)
        raw = sign_transaction(unsigned, binding, account.key)
        transaction_hash = node.send_raw(raw)
        place = node.history.find_transaction(transaction_hash)
        if place is not None and not place.receipt.succeeded:
            output = place.receipt.output
            raise ExecutionReverted(describe_revert(output), output)
        return transaction_hash


class _HeadView:
    """What the precompile sees of the head's state; nothing can be changed through it."""

    caller = bytes(20)
    address = INFERENCE

    def __init__(self, storage: StorageReader) -> None:
        self._storage = storage
        self.call: InferenceCall | None = None

    def load(self, address: bytes, slot: int) -> int:
        return self._storage.load(address, slot)

    def store(self, slot: int, value: int) -> None:
        raise WriteProtection(f"slot {slot} of a past state")

    def log(self, topics: tuple[bytes, ...], data: bytes) -> None:
        raise WriteProtection(f"{len(topics)} topics, {len(data)} bytes in a past state")

    def record(self, call: InferenceCall) -> None:
        self.call = call


def encode_registering(model_id: bytes, dimensions: Mapping[str, int]) -> bytes:
    """Call data that registers a model."""
    if not dimensions:
        return REGISTER + model_id
    pairs = sorted(dimensions.items())
    return REGISTER_BOUND + encode(["bytes32", "(string,uint32)[]"], [model_id, pairs])


def _parse_reference(reference: str) -> bytes | None:
    try:
        if reference.startswith("0x"):
            return bytes.fromhex(reference[2:]) if len(reference) == 66 else None
        return decode_cid(reference)
    except ValueError:
        return None


def _get_names(names: Mapping[str, bytes], model_id: bytes) -> tuple[str, ...]:
    return tuple(name for name, target in names.items() if target == model_id)
