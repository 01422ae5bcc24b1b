"""What EELS found about a block, as an execution: header, receipts, inferences, and its state.

The state is written into the validator's own world, which must come to the root that EELS names.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import rlp

from devnet.chain.block import Execution, Inference, Log, Receipt, build_execution
from devnet.chain.eels.precompiled import Calls
from devnet.chain.eels.wire import Message
from devnet.chain.execution import check_size
from devnet.chain.forks.blob import compute_blob_base_fee
from devnet.chain.forks.rules import Rules
from devnet.chain.header import Header
from devnet.chain.inclusion import build_inferences, compute_gas_price
from devnet.chain.transaction import Transaction, adapt_transaction
from devnet.chain.world import World
from devnet.errors import HostError
from devnet.receipt import compute_inference_root

_ROOT_BYTES = 32  # where a status stands since Byzantium
_NAMES = {  # what py-evm calls the same end of a transaction; other names stay as they are
    "OutOfGasError": "OutOfGas",
    "StackUnderflowError": "InsufficientStack",
    "StackOverflowError": "FullStack",
    "InvalidOpcode": "InvalidInstruction",
    "InvalidJumpDestError": "InvalidJumpDestination",
    "WriteInStaticContext": "WriteProtection",
    "StackDepthLimitError": "StackDepthLimit",
    "AddressCollision": "ContractCreationCollision",
    "InvalidContractPrefix": "ReservedBytesInCode",
    "ExceptionalHalt": "VMError",
}


def build_result(
    world: World,
    root: bytes,
    template: Header,
    transactions: Sequence[Transaction],
    found: Message,
    calls: Calls,
) -> Execution:
    """The execution that EELS reports.

    Args:
        root: of the state that it began with.
    Raises: HostError if the state in `world` comes to another root; BadBlock for one too large.
    """
    rules = world.schedule.find_rules(template)
    header = _fill_header(template, rules, found)
    receipts = _build_receipts(template, rules, transactions, found)
    inferences = _build_inferences(template, transactions, found, calls)
    if world.has_inference(template.number):
        inference_root = compute_inference_root([each.receipt for each in inferences])
        header = replace(header, extra_data=inference_root)
    check_size(header, rules, transactions)
    _write_state(world, root, header, found["changes"])
    requests = tuple(map(bytes.fromhex, found.get("requests", ())))
    body = (tuple(transactions), receipts, inferences)
    return build_execution(header, *body, requests=requests)


def _fill_header(template: Header, rules: Rules, found: Message) -> Header:
    header = replace(
        template,
        state_root=bytes.fromhex(found["stateRoot"]),
        transactions_root=bytes.fromhex(found["transactionsRoot"]),
        receipts_root=bytes.fromhex(found["receiptsRoot"]),
        logs_bloom=bytes.fromhex(found["logsBloom"]),
        gas_used=found["gasUsed"],
        blob_gas_used=found.get("blobGasUsed", 0),
        length=rules.header_length,
    )
    if "withdrawalsRoot" in found:
        header = replace(header, withdrawals_root=bytes.fromhex(found["withdrawalsRoot"]))
    if "requestsHash" in found:
        header = replace(header, requests_hash=bytes.fromhex(found["requestsHash"]))
    return header


def _build_receipts(
    template: Header, rules: Rules, transactions: Sequence[Transaction], found: Message
) -> tuple[Receipt, ...]:
    receipts: list[Receipt] = []
    spent = 0
    for transaction, raw, outcome in zip(
        transactions, found["receipts"], found["outcomes"], strict=True
    ):
        receipt = _decode_receipt(bytes.fromhex(raw), spent)
        spent = receipt.cumulative_gas_used
        evm = adapt_transaction(transaction, rules.fork).evm
        blob_gas, excess = transaction.blob_gas, template.excess_blob_gas
        failure = outcome["error"]
        receipts.append(
            replace(
                receipt,
                succeeded=not failure,
                effective_gas_price=compute_gas_price(evm, template.base_fee_per_gas),
                contract_address=bytes.fromhex(outcome["created"]) or None,
                output=bytes.fromhex(outcome["output"]),
                failure=_NAMES.get(failure, failure),
                blob_gas_used=blob_gas,
                blob_gas_price=compute_blob_base_fee(excess, rules.blob) if blob_gas else 0,
            )
        )
    return tuple(receipts)


def _decode_receipt(raw: bytes, spent: int) -> Receipt:
    """What a receipt's consensus encoding says; `spent` is the gas of those before it."""
    fields: Any = rlp.decode(raw[1:] if raw[0] < 0x80 else raw)
    first, cumulative, _, logs = fields
    gas = int.from_bytes(cumulative, "big")
    return Receipt(
        succeeded=first == b"\x01",
        gas_used=gas - spent,
        cumulative_gas_used=gas,
        effective_gas_price=0,
        logs=tuple(Log(address, tuple(topics), data) for address, topics, data in logs),
        contract_address=None,
        output=b"",
        failure="",
        state_root=first if len(first) == _ROOT_BYTES else b"",
    )


def _build_inferences(
    template: Header, transactions: Sequence[Transaction], found: Message, calls: Calls
) -> tuple[Inference, ...]:
    inferences: list[Inference] = []
    for position, transaction in enumerate(transactions):
        made = [
            (calls.recorded[number], undone)
            for index, number, undone in found["calls"]
            if index == position and number in calls.recorded
        ]
        inferences += build_inferences(transaction, made, template.number, position)
    return tuple(inferences)


def _write_state(world: World, root: bytes, header: Header, changes: Message) -> None:
    state = world.open(root, header)
    for text, account in changes.items():
        address = bytes.fromhex(text)
        if account is None:
            state.delete_account(address)
            continue
        state.set_balance(address, int(account["balance"], 16))
        state.set_nonce(address, account["nonce"])
        code = bytes.fromhex(account["code"])
        if state.get_code(address) != code:
            state.set_code(address, code)
        for slot, word in account["storage"].items():
            state.set_storage(address, int(slot, 16), int(word, 16))
    state.persist()
    if state.state_root != header.state_root:
        raise HostError(
            f"EELS names state root 0x{header.state_root.hex()}, the accounts that it reports "
            f"come to 0x{state.state_root.hex()}"
        )
