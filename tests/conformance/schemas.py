"""What the results of methods look like whose recorded values are not binding (JSON Schema).

Source: execution-apis `src/schemas`, as far as a chain up to Osaka and a merged head have them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

Schema: TypeAlias = dict[str, Any]

TEXT: Schema = {"type": "string", "minLength": 1}
FLAG: Schema = {"type": "boolean"}
COUNT: Schema = {"type": "integer", "minimum": 0}
RATIO: Schema = {"type": "number", "minimum": 0, "maximum": 1}
QUANTITY: Schema = {"type": "string", "pattern": "^0x(0|[1-9a-f][0-9a-f]*)$"}
BYTES: Schema = {"type": "string", "pattern": "^0x([0-9a-f]{2})*$"}
HASH: Schema = {"type": "string", "pattern": "^0x[0-9a-f]{64}$"}
ADDRESS: Schema = {"type": "string", "pattern": "^0x[0-9a-fA-F]{40}$"}
BLOOM: Schema = {"type": "string", "pattern": "^0x[0-9a-f]{512}$"}
NULL: Schema = {"type": "null"}


def obj(required: Mapping[str, Schema], **optional: Schema) -> Schema:
    """An object with these members and no others."""
    return {
        "type": "object",
        "properties": {**required, **optional},
        "required": list(required),
        "additionalProperties": False,
    }


def of(schema: Schema, *names: str) -> dict[str, Schema]:
    """Members that look alike."""
    return dict.fromkeys(names, schema)


def array(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def mapping(keys: Schema, values: Schema) -> Schema:
    return {"type": "object", "propertyNames": keys, "additionalProperties": values}


def _build_waiting() -> Schema:
    """A transaction in the pool, by type."""
    fields = {
        **of(NULL, "blockHash", "blockNumber", "blockTimestamp", "transactionIndex"),
        **of(QUANTITY, "nonce", "gas", "gasPrice", "value", "r", "s", "v"),
        "hash": HASH,
        "from": ADDRESS,
        "input": BYTES,
    }
    any_to = {"to": {"anyOf": [ADDRESS, NULL]}}
    typed = {**of(QUANTITY, "chainId", "yParity"), "accessList": ACCESS_LIST}
    dynamic = {**typed, **of(QUANTITY, "maxFeePerGas", "maxPriorityFeePerGas")}
    blob = {**dynamic, "maxFeePerBlobGas": QUANTITY, "blobVersionedHashes": array(HASH)}
    signed = of(QUANTITY, "chainId", "nonce", "yParity", "r", "s")
    delegating = {**dynamic, "authorizationList": array(obj({**signed, "address": ADDRESS}))}
    to_one = {"to": ADDRESS}
    kinds = [any_to, any_to | typed, any_to | dynamic, to_one | blob, to_one | delegating]
    forms = [obj({**fields, **kind, "type": {"const": hex(n)}}) for n, kind in enumerate(kinds)]
    forms[0]["properties"]["chainId"] = QUANTITY  # since EIP-155
    return {"oneOf": forms}


ACCESS_LIST = array(obj({"address": ADDRESS, "storageKeys": array(HASH)}))
WITHDRAWAL = obj({**of(QUANTITY, "index", "validatorIndex", "amount"), "address": ADDRESS})
BY_NONCE = mapping({"pattern": "^[0-9]+$"}, _build_waiting())
BY_SENDER = mapping(ADDRESS, BY_NONCE)
KEPT = obj(
    {"disabled": FLAG},
    oldestBlock=QUANTITY,
    deleteStrategy=obj({"type": {"const": "window"}, "retentionBlocks": QUANTITY}),
)
STEP = obj(
    {**of(COUNT, "pc", "gas", "gasCost", "depth"), "op": TEXT},
    error=TEXT,
    refund=COUNT,
    stack=array(QUANTITY),
    memory=array(HASH),
    returnData=BYTES,
    storage=mapping(HASH, HASH),
)
STRUCT_TRACE = obj({"gas": COUNT, "failed": FLAG, "returnValue": BYTES, "structLogs": array(STEP)})
BLOCK_TRACE = array(obj({"txHash": HASH, "result": STRUCT_TRACE}))
PAYLOAD = obj(
    {
        **of(HASH, "parentHash", "stateRoot", "receiptsRoot", "prevRandao", "blockHash"),
        **of(QUANTITY, "blockNumber", "gasLimit", "gasUsed", "timestamp", "baseFeePerGas"),
        **of(QUANTITY, "blobGasUsed", "excessBlobGas"),
        "feeRecipient": ADDRESS,
        "logsBloom": BLOOM,
        "extraData": BYTES,
        "transactions": array(BYTES),
        "withdrawals": array(WITHDRAWAL),
    }
)

RESULTS: Mapping[str, Schema] = {
    "debug_traceBlockByHash": BLOCK_TRACE,
    "debug_traceBlockByNumber": BLOCK_TRACE,
    "debug_traceTransaction": STRUCT_TRACE,
    "eth_capabilities": obj(
        {
            "head": obj({"number": QUANTITY, "hash": HASH}),
            **of(KEPT, "state", "tx", "logs", "receipts", "blocks", "stateproofs"),
        }
    ),
    "eth_createAccessList": obj({"accessList": ACCESS_LIST, "gasUsed": QUANTITY}, error=TEXT),
    "eth_estimateGas": QUANTITY,
    "eth_feeHistory": obj(
        {
            "oldestBlock": QUANTITY,
            "baseFeePerGas": array(QUANTITY),
            "gasUsedRatio": array(RATIO),
        },
        baseFeePerBlobGas=array(QUANTITY),
        blobGasUsedRatio=array(RATIO),
        reward=array(array(QUANTITY)),
    ),
    "eth_sendRawTransaction": HASH,
    "testing_buildBlockV1": obj(
        {
            "executionPayload": PAYLOAD,
            "blockValue": QUANTITY,
            "blobsBundle": obj(of(array(BYTES), "commitments", "proofs", "blobs")),
            "executionRequests": array(BYTES),
            "shouldOverrideBuilder": FLAG,
        }
    ),
    "txpool_content": obj(of(BY_SENDER, "pending", "queued")),
    "txpool_contentFrom": obj(of(BY_NONCE, "pending", "queued")),
    "txpool_status": obj(of(QUANTITY, "pending", "queued")),
}
