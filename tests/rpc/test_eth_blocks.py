"""eth: blocks, transactions and receipts have geth's fields, and agree with each other."""

from typing import Any

import pytest
import rlp
from eth_account import Account

from devnet.chain.header import HEADER_FIELDS
from precompiles.digest import compute_keccak

UNKNOWN = "0x" + "ab" * 32
TO = "0x" + "11" * 20
ACCESS = {"address": TO, "storageKeys": ["0x" + "00" * 31 + "01"]}
PRICED = {"gasPrice": 3 * 10**9}
FEES = {"maxFeePerGas": 3 * 10**9, "maxPriorityFeePerGas": 10**9}


def words(text: str) -> set[str]:
    """The words of a text."""
    return set(text.split())


BLOCK = words(
    "number hash parentHash sha3Uncles miner stateRoot transactionsRoot receiptsRoot logsBloom "
    "difficulty gasLimit gasUsed timestamp extraData mixHash nonce baseFeePerGas withdrawalsRoot "
    "blobGasUsed excessBlobGas parentBeaconBlockRoot requestsHash size transactions uncles "
    "withdrawals"
)
PLACE = words("blockHash blockNumber blockTimestamp transactionIndex")
LEGACY = PLACE | words("hash type from to nonce gas gasPrice value input r s v chainId")
LISTED = LEGACY | {"accessList", "yParity"}
DYNAMIC = LISTED | {"maxFeePerGas", "maxPriorityFeePerGas"}
SET_CODE = DYNAMIC | {"authorizationList"}
RECEIPT = words(
    "transactionHash transactionIndex blockHash blockNumber from to type status gasUsed "
    "cumulativeGasUsed effectiveGasPrice contractAddress logs logsBloom"
)


def sign(rpc: Any, **fields: Any) -> str:
    """Raw transaction of the first account, made by eth_account."""
    key = rpc.node.accounts[0].key
    nonce = int(rpc("eth_getTransactionCount", rpc.accounts[0], "pending"), 16)
    full = {"nonce": nonce, "gas": 100_000, "to": TO, "value": 5, "data": b"", **fields}
    return "0x" + bytes(Account.sign_transaction(full, key).raw_transaction).hex()


def authorize(rpc: Any) -> Any:
    """The second account's authorization (EIP-7702)."""
    unsigned = {"chainId": 31337, "address": TO, "nonce": 0}
    return Account.sign_authorization(unsigned, rpc.node.accounts[1].key)


@pytest.mark.parametrize(
    ("fields", "type_", "keys"),
    [
        ({**PRICED, "chainId": 31337}, "0x0", LEGACY),
        (PRICED, "0x0", LEGACY - {"chainId"}),
        ({**PRICED, "chainId": 31337, "accessList": [ACCESS]}, "0x1", LISTED),
        ({**FEES, "chainId": 31337, "accessList": [ACCESS]}, "0x2", DYNAMIC),
        ({**FEES, "chainId": 31337, "authorizationList": True}, "0x4", SET_CODE),
    ],
)
def test_each_type_of_transaction_has_its_fields(
    rpc: Any, fields: dict[str, Any], type_: str, keys: set[str]
) -> None:
    """Types 0 (with and without chain id), 1, 2 and 4, in the pool and in a block."""
    if "authorizationList" in fields:
        fields = {**fields, "authorizationList": [authorize(rpc)]}
    raw = sign(rpc, **fields)
    rpc("evm_setAutomine", False)
    sent = rpc("eth_sendRawTransaction", raw)
    waiting = rpc("eth_getTransactionByHash", sent)
    assert rpc("eth_getTransactionReceipt", sent) is None
    assert {key: waiting[key] for key in PLACE} == dict.fromkeys(PLACE)

    rpc("evm_mine")
    mined = rpc("eth_getTransactionByHash", sent)
    receipt = rpc("eth_getTransactionReceipt", sent)
    assert set(waiting) == set(mined) == keys
    assert set(receipt) == RECEIPT
    changed = {*PLACE, "gasPrice"}
    assert {k: v for k, v in mined.items() if k not in changed} == {
        k: v for k, v in waiting.items() if k not in changed
    }
    assert (mined["type"], mined["to"], mined["from"]) == (type_, TO, rpc.accounts[0])
    assert mined["gasPrice"] == receipt["effectiveGasPrice"]
    assert Account.recover_transaction(raw).lower() == mined["from"]
    if type_ != "0x0":
        assert mined["v"] == mined["yParity"]
        assert mined["accessList"] == ([ACCESS] if fields.get("accessList") else [])
    if type_ == "0x4":
        assert mined["authorizationList"][0]["address"] == TO
        code = rpc("eth_getCode", rpc.accounts[1])
        assert code == "0xef0100" + TO[2:]


def test_a_block_has_the_fields_of_prague_and_hashes_to_its_hash(rpc: Any) -> None:
    """The header in the answer is the one that was hashed; its size is that of its RLP."""
    for fields in ({**PRICED, "chainId": 31337}, {**FEES, "chainId": 31337}):
        rpc("eth_sendRawTransaction", sign(rpc, **fields))
        block = rpc("eth_getBlockByNumber", "latest", True)
        assert set(block) == BLOCK
        names = {"uncles_hash": "sha3Uncles", "coinbase": "miner"}
        header = []
        for field in HEADER_FIELDS:
            first, *rest = field.split("_")
            text = block[names.get(field, first + "".join(word.title() for word in rest))]
            number = len(text) % 2 or field in ("number", "gas_used", "gas_limit", "timestamp")
            number = number or field in ("difficulty", "base_fee_per_gas", "excess_blob_gas")
            header.append(int(text, 16) if number else bytes.fromhex(text[2:]))
        assert "0x" + compute_keccak(rlp.encode(header)).hex() == block["hash"]
        raw = rpc.node.head.transactions[0].raw
        body = [rlp.decode(raw)] if block["transactions"][0]["type"] == "0x0" else [raw]
        assert int(block["size"], 16) == len(rlp.encode([header, body, [], []]))


def test_a_block_lists_its_transactions_by_hash_or_in_full(rpc: Any) -> None:
    """The two forms and the single transactions say the same."""
    rpc("evm_setAutomine", False)
    hashes = [rpc("eth_sendRawTransaction", sign(rpc, **PRICED, value=i)) for i in range(3)]
    rpc("evm_mine")
    block = rpc("eth_getBlockByNumber", "latest")
    full = rpc("eth_getBlockByHash", block["hash"], True)
    assert block["transactions"] == [t["hash"] for t in full["transactions"]] == hashes
    for index, transaction in enumerate(full["transactions"]):
        position = hex(index)
        by_hash = ("eth_getTransactionByBlockHashAndIndex", block["hash"], position)
        by_number = ("eth_getTransactionByBlockNumberAndIndex", block["number"], position)
        assert rpc(*by_hash) == rpc(*by_number) == transaction
    receipts = rpc("eth_getBlockReceipts", block["number"])
    assert receipts == rpc("eth_getBlockReceipts", block["hash"])
    assert receipts == [rpc("eth_getTransactionReceipt", sent) for sent in hashes]
    assert [int(r["cumulativeGasUsed"], 16) for r in receipts] == [21_000, 42_000, 63_000]
    assert rpc("eth_getBlockTransactionCountByHash", block["hash"]) == "0x3"
    assert rpc("eth_getBlockTransactionCountByNumber", "latest") == "0x3"
    assert rpc("eth_getUncleCountByBlockHash", block["hash"]) == "0x0"
    assert rpc("eth_getUncleCountByBlockNumber", "latest") == "0x0"


def test_what_the_chain_does_not_have_is_null(rpc: Any) -> None:
    """Unknown hashes, later numbers and indexes past the end are no errors here."""
    for method in ("eth_getBlockByHash", "eth_getTransactionByHash", "eth_getTransactionReceipt"):
        assert rpc(method, UNKNOWN) is None
    for method in ("BlockByNumber", "BlockTransactionCountByNumber", "UncleCountByBlockNumber"):
        assert rpc(f"eth_get{method}", "0xffff") is None
    for method in ("BlockTransactionCountByHash", "UncleCountByBlockHash", "BlockReceipts"):
        assert rpc(f"eth_get{method}", UNKNOWN) is None
    assert rpc("eth_getTransactionByBlockNumberAndIndex", "latest", "0x5") is None
    assert rpc("eth_getTransactionByBlockHashAndIndex", UNKNOWN, "0x0") is None


def test_tags_numbers_and_objects_name_the_same_block(rpc: Any) -> None:
    """Everything that is signed is final; hashes and EIP-1898 objects work."""
    rpc("evm_mine", {"blocks": 3})
    head = rpc("eth_getBlockByNumber", "latest")
    assert rpc("eth_blockNumber") == head["number"]
    for tag in ("safe", "finalized", head["number"], int(head["number"], 16)):
        assert rpc("eth_getBlockByNumber", tag)["hash"] == head["hash"]
    assert rpc("eth_getBlockByNumber", "earliest")["number"] == "0x0"
    sender = rpc.accounts[0]
    by_hash = {"blockHash": head["hash"], "requireCanonical": True}
    for block in ({"blockNumber": "0x1"}, by_hash, head["hash"]):
        assert rpc("eth_getBalance", sender, block) == rpc("eth_getBalance", sender, "0x1")
    assert rpc.fail("eth_getBalance", sender, "0xffff")[0] == -32000
    assert rpc.fail("eth_getBalance", sender, {"blockHash": UNKNOWN}) == (
        *(-32000, f"header not found: no block {UNKNOWN}, the head is {int(head['number'], 16)}"),
    )


@pytest.mark.parametrize(
    "block",
    [
        "newest",
        "1",
        "0x01",
        "",
        -1,
        1.5,
        True,
        [],
        {},
        {"blockNumber": "0x0", "blockHash": UNKNOWN},
    ],
)
def test_what_names_no_block_is_refused(rpc: Any, block: object) -> None:
    """With the parameter's name and what it must be."""
    code, message = rpc.fail("eth_getBlockByNumber", block)
    assert code == -32602
    assert message.startswith("block is ")
