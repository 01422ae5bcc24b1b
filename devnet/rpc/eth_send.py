"""eth: transactions from unlocked accounts, filled in and signed here, or signed by the client."""

from collections.abc import Mapping

from devnet.chain.account import DevAccount
from devnet.chain.call import Call
from devnet.chain.signing import UnsignedPricedTransaction, UnsignedTransaction, sign_transaction
from devnet.errors import ChainError
from devnet.node import Node
from devnet.rpc.dispatch import Json, Method
from devnet.rpc.eth_fees import TIP_WEI
from devnet.rpc.lane import Routed, write
from devnet.rpc.quantity import decode_bytes, encode_bytes
from devnet.rpc.transaction_request import TransactionRequest, decode_transaction_request


def send_raw_transaction(node: Node, transaction: object) -> Json:
    return encode_bytes(node.send_raw(decode_bytes(transaction, "transaction")))


def send_transaction(node: Node, transaction: object) -> Json:
    request = decode_transaction_request(transaction, node.config.chain_id)
    account = _find_account(node, request.sender)
    unsigned = _fill(node, request, account)
    raw = sign_transaction(unsigned, node.config.chain_id, account.key)
    return encode_bytes(node.send_raw(raw))


METHODS: Mapping[str, Method | Routed] = {
    "eth_sendRawTransaction": write(send_raw_transaction),
    "eth_sendTransaction": write(send_transaction),
}


def _find_account(node: Node, sender: bytes | None) -> DevAccount:
    if sender is None and node.accounts:
        return node.accounts[0]
    account = None if sender is None else node.find_account(sender)
    if account is None:
        who = "from is missing" if sender is None else f"unknown account {encode_bytes(sender)}"
        raise ChainError(
            f"{who}: use one of eth_accounts, or sign it yourself and use eth_sendRawTransaction"
        )
    return account


def _fill(
    node: Node, request: TransactionRequest, account: DevAccount
) -> UnsignedTransaction | UnsignedPricedTransaction:
    nonce = request.nonce
    if nonce is None:
        nonce = node.get_pending_nonce(account.address)
    gas = request.gas
    if gas is None:
        gas = node.estimate_gas(
            Call(
                sender=account.address,
                to=request.to,
                value=request.value,
                data=request.data,
                access_list=request.access_list or (),
            )
        )
    if request.gas_price is not None or request.type_id in (0, 1):
        price = request.gas_price
        return UnsignedPricedTransaction(
            nonce=nonce,
            to=request.to,
            value=request.value,
            data=request.data,
            gas=gas,
            gas_price=node.next_base_fee + TIP_WEI if price is None else price,
            access_list=(request.access_list or ())
            if request.type_id == 1
            else request.access_list,
        )
    max_fee, tip = _choose_fees(node, request)
    return UnsignedTransaction(
        nonce=nonce,
        to=request.to,
        value=request.value,
        data=request.data,
        gas=gas,
        max_fee_per_gas=max_fee,
        max_priority_fee_per_gas=tip,
        access_list=request.access_list or (),
    )


def _choose_fees(node: Node, request: TransactionRequest) -> tuple[int, int]:
    """Max fee and tip: room for the base fee to double, one gwei of tip."""
    tip, max_fee = request.max_priority_fee, request.max_fee
    if tip is None:
        tip = TIP_WEI if max_fee is None else min(TIP_WEI, max_fee)
    return (2 * node.next_base_fee + tip if max_fee is None else max_fee), tip
