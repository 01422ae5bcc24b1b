"""Artifacts have the ABI that is written out, no more and no less."""

import pytest
from eth_utils.abi import (
    event_abi_to_log_topic,
    event_signature_to_log_topic,
    function_abi_to_4byte_selector,
    function_signature_to_4byte_selector,
    get_abi_output_types,
    get_all_event_abis,
    get_all_function_abis,
)

from contracts import load
from tests.contracts.surface import SURFACE


@pytest.mark.parametrize("name", SURFACE)
def test_functions_have_the_written_out_signatures(name: str) -> None:
    """Selectors are the Keccak prefixes of what is written out, and outputs are as written."""
    functions = SURFACE[name][0]
    outputs = {
        function_abi_to_4byte_selector(function): get_abi_output_types(function)
        for function in get_all_function_abis(load(name).abi)
    }
    assert outputs == {function_signature_to_4byte_selector(s): t for s, t in functions.items()}


@pytest.mark.parametrize("name", SURFACE)
def test_events_have_the_written_out_signatures(name: str) -> None:
    """Topics are the Keccak hashes of what is written out."""
    topics = {event_abi_to_log_topic(event) for event in get_all_event_abis(load(name).abi)}
    assert topics == {event_signature_to_log_topic(event) for event in SURFACE[name][1]}


def test_digit_reader_dispatches_on_the_written_out_signatures() -> None:
    """The bytecode holds its own selectors, the selector it calls and the topic it logs."""
    functions, events = SURFACE["DigitReader"]
    code = load("DigitReader").deployed_bytecode
    for signature in functions:
        assert function_signature_to_4byte_selector(signature) in code, signature
    for event in events:
        assert event_signature_to_log_topic(event) in code, event
