"""Table: one address per precompile, each with a Solidity interface that has the same functions."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from eth_utils.abi import event_abi_to_log_topic, function_abi_to_4byte_selector

from contracts import load
from precompiles.aliases import ALIAS_TOPIC
from precompiles.errors import BadInput, PrecompileError
from precompiles.inference import INFER, INFERENCE, QUOTE
from precompiles.registry import (
    MANIFEST,
    PUBLISH,
    REGISTER,
    REGISTER_BOUND,
    REGISTERED_TOPIC,
    REGISTRY,
    RELEASE,
    RESOLVE,
    SET_ALIAS,
)
from precompiles.releases import PUBLISHED_TOPIC
from tests.precompiles.conftest import INTERFACES, Host

SOURCES = Path(__file__).resolve().parents[2] / "contracts" / "src"
SELECTORS = {
    INFERENCE: {INFER, QUOTE},
    REGISTRY: {REGISTER, REGISTER_BOUND, SET_ALIAS, PUBLISH, MANIFEST, RESOLVE, RELEASE},
}


def test_addresses_are_the_published_ones(host: Host) -> None:
    """0xF7 and 0xF8, twenty bytes each."""
    names = {address: name for address, (name, _) in host.table.items()}
    assert names == {bytes(19) + b"\xf7": "IInference", bytes(19) + b"\xf8": "IModelRegistry"}


def test_every_entry_has_a_solidity_interface_at_its_address(host: Host) -> None:
    """An artifact of that name, and a constant in its source with that address."""
    for address, (name, _) in host.table.items():
        assert load(name).bytecode == b""
        source = (SOURCES / f"{name}.sol").read_text(encoding="utf-8")
        (constant,) = re.findall(rf"{name} constant \w+ = {name}\(address\((0x\w+)\)\)", source)
        assert int(constant, 16).to_bytes(20, "big") == address


def test_selectors_are_those_of_the_interfaces() -> None:
    """Each declared function is dispatched, and nothing else is."""
    for address, functions in INTERFACES.items():
        declared = {function_abi_to_4byte_selector(function) for function in functions.values()}
        assert declared == SELECTORS[address]


def test_event_topics_are_those_of_the_interface() -> None:
    """The first topic is the digest of the event's signature."""
    events = [element for element in load("IModelRegistry").abi if element["type"] == "event"]
    topics = {event["name"]: event_abi_to_log_topic(event) for event in events}
    assert topics == {
        "ModelRegistered": REGISTERED_TOPIC,
        "AliasSet": ALIAS_TOPIC,
        "ReleasePublished": PUBLISHED_TOPIC,
    }


@pytest.mark.parametrize("address", SELECTORS)
def test_every_declared_function_is_reached(host: Host, address: bytes) -> None:
    """Without arguments each says what is wrong with them, not that it does not exist."""
    for selector in SELECTORS[address]:
        with pytest.raises(BadInput) as stop:
            host.call(address, selector)
        assert "no function" not in str(stop.value)


def test_tables_of_two_hosts_share_nothing(make_host: Callable[[], Host], digits: bytes) -> None:
    """A model registered on one chain is unknown on another in the same process."""
    first, second = make_host(), make_host()
    model_id = first.add(digits)
    first.ask(REGISTRY, "manifest", model_id)
    with pytest.raises(PrecompileError):
        second.ask(REGISTRY, "manifest", model_id)
