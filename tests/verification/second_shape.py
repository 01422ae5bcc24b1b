"""Sections 1 and 2 of the format for `second_reader`: the shape of a bundle's JSON values."""

import re
from typing import Any

SIZES = {1: 4, 2: 1, 3: 1, 4: 2, 5: 2, 6: 4, 7: 8, 9: 1, 10: 2, 11: 8, 12: 4, 13: 8}
N, FLAG = {"number": 2**256 - 1}, {"flag": True}
N32 = {"number": 2**32 - 1}
B20, B32, B65, BYTES = {"bytes": 20}, {"bytes": 32}, {"bytes": 65}, {"bytes": None}
NODES = {"list": BYTES, "most": 65}
MEMBERS = {"list": {"fields": {"address": B20, "power": N}}, "most": 256}
VOTE = {"fields": {"validator": B20, "fingerprint": B32, "signature": B65}}
HEADER_FIELDS = (
    ("parentHash", B32), ("unclesHash", B32), ("coinbase", B20), ("stateRoot", B32),
    ("transactionsRoot", B32), ("receiptsRoot", B32), ("logsBloom", {"bytes": 256}),
    ("difficulty", N), ("number", N), ("gasLimit", N), ("gasUsed", N), ("timestamp", N),
    ("extraData", B32), ("mixHash", B32), ("nonce", {"bytes": 8}), ("baseFeePerGas", N),
    ("withdrawalsRoot", B32), ("blobGasUsed", N), ("excessBlobGas", N),
    ("parentBeaconBlockRoot", B32), ("requestsHash", B32),
)  # fmt: skip
CERTIFICATE = {
    "fields": {
        "height": N, "round": N, "blockHash": B32, "power": N, "votes": {"list": VOTE, "most": 256}
    }
}  # fmt: skip
BLOCK = {
    "header": {"header": True},
    "certificate": CERTIFICATE,
    "validators": MEMBERS,
    "stateProof": {"fields": {"account": NODES, "words": {"list": NODES, "most": 3}}},
}
RECEIPT_FIELDS = {
    "blockNumber": N, "transactionHash": B32, "transactionIndex": N, "callIndex": N, "caller": B20,
    "modelId": B32, "mode": N, "inputDigest": B32, "outputDigest": B32, "gas": N, "reverted": FLAG,
}  # fmt: skip
TENSOR = {"fields": {"dtype": N, "shape": {"list": N32, "most": 8}, "data": BYTES}}
TENSORS = {"list": TENSOR, "most": 64}
PATH = {"fields": {"index": N, "count": {"number": 2**32}, "siblings": {"list": B32, "most": 32}}}
ATTACHMENT = {"fields": {"kind": {"text": "[a-z][a-z0-9-]{0,63}"}, "version": N32, "data": BYTES}}
BUNDLE = {
    "format": {"text": "devnet-proof-bundle/2"},
    "chainId": N,
    **BLOCK,
    "changes": {"list": {"fields": BLOCK}, "most": 4096},
    "engines": {
        "list": {"fields": {"fingerprint": B32, "description": {"description": True}}},
        "most": 256,
    },
    "receipt": {"fields": RECEIPT_FIELDS},
    "path": PATH,
    "inputs": TENSORS,
    "outputs": TENSORS,
    "attachments": {"list": ATTACHMENT, "most": 16},
}


class Bad(Exception):
    """Not as the format says."""


def is_deep(text: str) -> bool:
    depth = 0
    for token in re.findall(r'"(?:[^"\\]|\\.)*"|[\[{]|[\]}]', text, re.DOTALL):
        depth += (token in "[{") - (token in "]}")
        if depth > 64:
            return True
    return False


def check_shape(bundle: Any) -> None:
    """Raises: Bad."""
    need(isinstance(bundle, dict))
    fit({"attachments": [], **bundle}, {"fields": BUNDLE})
    for block in (bundle, *bundle["changes"]):
        members = block["validators"]
        powers = {member["address"]: member["power"] for member in members}
        need(len(powers) == len(members) and all(powers.values()))
        voted = sum(powers.get(v["validator"], 0) for v in block["certificate"]["votes"])
        need(block["certificate"]["power"] == voted)
    votes = bundle["certificate"]["votes"]
    fingerprints = list(dict.fromkeys(vote["fingerprint"] for vote in votes))
    need([engine["fingerprint"] for engine in bundle["engines"]] == fingerprints)
    for tensor in (*bundle["inputs"], *bundle["outputs"]):
        need(tensor["dtype"] in SIZES)
        size = SIZES[tensor["dtype"]]
        for axis in tensor["shape"]:
            size *= axis
        need(size <= 2**24 and len(tensor["data"]) == 2 + 2 * size)


def need(holds: bool) -> None:
    if not holds:
        raise Bad("shape")


def fit(value: Any, shape: Any) -> None:
    ((kind, wanted), *_) = shape.items()
    if kind == "number":
        need(type(value) is int and 0 <= value <= wanted)
    elif kind == "flag":
        need(type(value) is bool)
    elif kind == "bytes":
        need(isinstance(value, str) and bool(re.fullmatch("0x([0-9a-f]{2})*", value)))
        need(wanted is None or len(value) == 2 + 2 * wanted)
    elif kind == "text":
        need(isinstance(value, str) and bool(re.fullmatch(wanted, value)))
    elif kind == "list":
        need(isinstance(value, list) and len(value) <= shape["most"])
        for item in value:
            fit(item, wanted)
    elif kind == "fields":
        need(isinstance(value, dict) and sorted(value) == sorted(wanted))
        for name, inner in wanted.items():
            fit(value[name], inner)
    elif kind == "header":
        need(isinstance(value, dict) and len(value) in (15, 16, 17, 20, 21))
        fit(value, {"fields": dict(HEADER_FIELDS[: len(value)])})
    elif value is not None:
        need(isinstance(value, dict) and len(value) <= 32)
        for name, text in value.items():
            fit(name, {"text": "[A-Za-z][A-Za-z0-9_-]{0,63}"})
            fit(text, {"text": "[ -~]{0,1024}"})
