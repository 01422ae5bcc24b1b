"""eth: transactions from unlocked accounts, filled in and signed here, or signed by the client."""

from collections.abc import Mapping

from devnet.chain.message import encode_message, sign_message
from devnet.chain.sidecar import encode_network_form, split_network_form
from devnet.chain.signing import find_binding
from devnet.chain.transaction import Transaction, decode_included
from devnet.errors import ChainError, InvalidParams, NotMinedYet
from devnet.node import Node
from devnet.rpc.dispatch import Json, Method
from devnet.rpc.filling import Filled, fill_request, find_account
from devnet.rpc.lane import Routed, write
from devnet.rpc.quantity import decode_bytes, decode_number, decode_object, encode_bytes
from devnet.rpc.transaction_request import decode_transaction_request
from devnet.rpc.views import show_receipt, show_signed
from precompiles.digest import compute_keccak

_FEES = ("gasPrice", "maxFeePerGas", "maxPriorityFeePerGas", "type")


def send_raw_transaction(node: Node, transaction: object) -> Json:
    return encode_bytes(node.send_raw(decode_bytes(transaction, "transaction")))


def send_transaction(node: Node, transaction: object) -> Json:
    return encode_bytes(node.send_raw(_sign(node, transaction)[0]))


def send_raw_transaction_sync(node: Node, transaction: object, timeout: object = None) -> Json:
    """The receipt (EIP-7966); without automine nothing is waited for."""
    raw = decode_bytes(transaction, "transaction")
    _check_timeout(timeout)
    return _get_receipt(node, node.send_raw(raw))


def send_transaction_sync(node: Node, transaction: object, timeout: object = None) -> Json:
    """As `eth_sendRawTransactionSync`, signed here."""
    _check_timeout(timeout)
    return _get_receipt(node, node.send_raw(_sign(node, transaction)[0]))


def resend(
    node: Node, transaction: object, gas_price: object = None, gas_limit: object = None
) -> Json:
    """A transaction that waits once more, with another gas price or limit, as geth has it."""
    fields = decode_object(transaction, "transaction")
    if "nonce" not in fields:
        raise InvalidParams("missing transaction nonce in transaction spec")
    request = decode_transaction_request(fields, node.config.chain_id)
    account, nonce = find_account(node, request.sender), request.nonce
    if nonce is None or node.pool.find(account.address, nonce) is None:
        sender = encode_bytes(account.address)
        raise ChainError(f"no transaction of {sender} with nonce {nonce} waits for a block")
    if gas_price is not None:
        priced = {name: field for name, field in fields.items() if name not in _FEES}
        fields = {**priced, "gasPrice": gas_price}
    if gas_limit is not None:
        fields = {**fields, "gas": gas_limit}
    return encode_bytes(node.send_raw(_sign(node, fields)[0]))


def sign_transaction(node: Node, transaction: object) -> Json:
    """Fill in and sign, and send nothing."""
    raw, filled = _sign(node, transaction)
    return _show(raw, filled, is_signed=True)


def fill_transaction(node: Node, transaction: object) -> Json:
    """Fill in, and sign nothing; the account need not be one of ours."""
    request = decode_transaction_request(transaction, node.config.chain_id)
    sender = request.sender
    if sender is None:
        sender = node.accounts[0].address if node.accounts else bytes(20)
    filled = fill_request(node, request, sender)
    raw = encode_message(filled.message)
    if filled.sidecar is not None:
        raw = encode_network_form(raw, filled.sidecar)
    return _show(raw, filled, is_signed=False)


METHODS: Mapping[str, Method | Routed] = {
    "eth_sendRawTransaction": write(send_raw_transaction),
    "eth_sendTransaction": write(send_transaction),
    "eth_sendRawTransactionSync": write(send_raw_transaction_sync),
    "eth_sendTransactionSync": write(send_transaction_sync),
    "eth_resend": write(resend),
    "eth_signTransaction": sign_transaction,
    "eth_fillTransaction": fill_transaction,
}


def _sign(node: Node, transaction: object) -> tuple[bytes, Filled]:
    """Bytes of the signed transaction, blobs included."""
    request = decode_transaction_request(transaction, node.config.chain_id)
    account = find_account(node, request.sender)
    filled = fill_request(node, request, account.address)
    binding = find_binding(node.config.chain_id, node.next_rules.fork)
    raw = sign_message(filled.message, binding, account.key)
    if filled.sidecar is not None:
        raw = encode_network_form(raw, filled.sidecar)
    return raw, filled


def _show(raw: bytes, filled: Filled, is_signed: bool) -> Json:
    included = raw if filled.sidecar is None else split_network_form(raw)[0]
    evm = decode_included(included).evm if is_signed else filled.message
    transaction = Transaction(included, compute_keccak(included), filled.message.sender, evm)
    return {"raw": encode_bytes(raw), "tx": show_signed(transaction)}


def _check_timeout(timeout: object) -> None:
    if timeout is not None:
        decode_number(timeout, "timeout")


def _get_receipt(node: Node, transaction_hash: bytes) -> Json:
    place = node.history.find_transaction(transaction_hash)
    if place is None:
        raise NotMinedYet(transaction_hash)
    return show_receipt(place)
