"""Models of a node: added once, found by id, CID or alias, run to the bits of a transaction."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from devnet.chain.call import Call
from devnet.config import Config
from devnet.errors import ConfigError
from devnet.models import Models
from devnet.node import Node
from precompiles.digest import encode_cid
from precompiles.errors import BadInput, NotAdmitted, UnknownModel
from precompiles.models.samples import read_digits, read_sample
from precompiles.tensor import DType, Tensor

if TYPE_CHECKING:
    from tests.conftest import Driver

INFERENCE = bytes(19) + b"\xf7"
PIXELS, _ = read_digits()
IMAGE = {"pixels": Tensor(DType.UINT8, (1, 64), PIXELS[0].tobytes())}


@pytest.fixture
def models(start: type[Driver]) -> Models:
    """The models of a network of one with the exact digit model under an alias."""
    models = Models(start(validators=1).node)
    models.add(read_sample("digits_exact"), "digits")
    return models


def test_adding_registers_once(models: Models) -> None:
    """Again it changes nothing: no transaction, no block."""
    node = models._node
    number = node.head.header.number
    again = models.add(read_sample("digits_exact"), "digits")
    assert again.transaction_hash is None
    assert node.head.header.number == number
    other = models.add(read_sample("digits_float"))
    assert other.transaction_hash is not None
    assert node.history.get_transaction(other.transaction_hash).receipt.succeeded
    assert [model.id for model in models.list()] == [again.model_id, other.model_id]
    assert [model.aliases for model in models.list()] == [("digits",), ()]


def test_model_is_found_by_every_name(models: Models) -> None:
    """Id in hex, CID and alias; the owner is who registered it."""
    model = models.find("digits")
    for reference in ("0x" + model.id.hex(), encode_cid(model.id)):
        assert models.find(reference) == model
    assert model.aliases == ("digits",)
    assert model.registration.owner == models._node.accounts[0].address


@pytest.mark.parametrize("reference", ["digit", "", "0x", "0x12", "0xzz", "bafk", "0x" + "00" * 32])
def test_unknown_model_is_named_with_the_known_ones(models: Models, reference: str) -> None:
    """Whatever it was meant to be, the message says how to go on."""
    with pytest.raises(UnknownModel) as refusal:
        models.find(reference)
    assert f"no model '{reference}' on this chain" in str(refusal.value)
    assert "use one of: digits" in str(refusal.value)


def test_run_gives_the_bits_and_gas_of_a_transaction(
    models: Models, infer_data: Callable[..., bytes]
) -> None:
    """Through the same precompile: outputs, digests and gas are those of the quote."""
    call = models.run("digits", IMAGE)
    result = models._node.call(Call(to=INFERENCE, data=infer_data(models.find("digits").id)))
    assert result.inferences[0].outputs == call.outputs
    assert result.inferences[0].output_digest == call.output_digest
    assert call.gas == models.quote("digits")
    assert models._node.head.header.number == 2, "a run is no transaction"


def test_wrong_inputs_are_named(models: Models) -> None:
    """Missing and unknown names, and a tensor of another type."""
    for inputs in ({}, {"image": IMAGE["pixels"]}, {**IMAGE, "more": IMAGE["pixels"]}):
        with pytest.raises(BadInput, match=r"given, the model wants \['pixels'\]"):
            models.run("digits", inputs)
    wrong = Tensor(DType.INT64, (1, 64), bytes(512))
    with pytest.raises(BadInput, match="the model wants pixels"):
        models.run("digits", {"pixels": wrong})


def test_file_that_is_no_model_is_refused_before_anything_is_kept(models: Models) -> None:
    """No store has it, no transaction was made."""
    number = models._node.head.header.number
    for junk in (b"", b"not onnx", read_sample("digits_exact")[:-9]):
        with pytest.raises(NotAdmitted):
            models.add(junk)
    assert models._node.head.header.number == number
    assert len(models.list()) == 1


def test_alias_moves_with_its_owner(models: Models) -> None:
    """The account that set it may point it elsewhere; the model's list of names follows."""
    other = models.add(read_sample("digits_float"), "digits")
    assert models.find("digits").id == other.model_id
    assert [model.aliases for model in models.list()] == [(), ("digits",)]


def test_registration_needs_an_unlocked_account(start: type[Driver]) -> None:
    """Without accounts the remedy is named."""
    models = Models(start(validators=1, accounts=0).node)
    with pytest.raises(ConfigError, match="start with --accounts 1"):
        models.add(read_sample("digits_exact"))


@pytest.mark.parametrize("hardfork", ["spurious-dragon", "berlin", "london"])
def test_a_model_is_registered_under_old_forks_too(hardfork: str) -> None:
    """With a gas price where there is no base fee yet."""
    models = Models(Node(Config(validators=1, hardfork=hardfork)))
    added = models.add(read_sample("digits_exact"))
    assert [model.id for model in models.list()] == [added.model_id]
