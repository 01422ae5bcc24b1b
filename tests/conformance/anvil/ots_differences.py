"""Differences in what Otterscan asks for; its API's description is the cause if none is named."""

from __future__ import annotations

from typing import Any

from tests.conformance.anvil.difference import Asked, Difference, walk_objects

_OF_THE_NETWORK = ("extraData", "mixHash", "parentBeaconBlockRoot", "size", "stateRoot")
_BODY = ("transactions", "uncles", "withdrawals")


def _cut_headers(answer: Any, _: Asked) -> Any:
    for header in walk_objects(answer):
        if "mixHash" in header:
            for field in _OF_THE_NETWORK:
                header.pop(field, None)
    return answer


def _drop_total_difficulty(answer: Any, _: Asked) -> Any:
    for header in walk_objects(answer):
        header.pop("totalDifficulty", None)
    return answer


def _drop_body(answer: Any, _: Asked) -> Any:
    for field in _BODY:
        del answer[field]
    return answer


def _cut_bloom(answer: Any, _: Asked) -> Any:
    answer["block"]["logsBloom"] = None
    return answer


def _cut_receipts(answer: Any, _: Asked) -> Any:
    for receipt in answer["receipts"]:
        receipt |= {"logs": None, "logsBloom": None}
        receipt.pop("timestamp")
    return answer


def _count_all(answer: Any, _: Asked) -> Any:
    answer["fullblock"]["transactionCount"] = 1  # as every block of the scenario has
    return answer


def _drop_blob_price(answer: Any, _: Asked) -> Any:
    for receipt in answer["receipts"]:
        receipt.pop("blobGasPrice")
    return answer


def _drop_outermost(answer: Any, asked: Asked) -> Any:
    starts = ("transfer", "legacy", "deploy", "call", "bad", "underflow", "revert in")
    return answer[1:] if asked.name.startswith(starts) else answer


def _drop_failed(answer: Any, asked: Asked) -> Any:
    if asked.name.startswith("create"):
        return answer[:-1]  # the factory's third creation fails
    return [operation for operation in answer if operation["value"] != hex(10**30)]


def _cut_creations(answer: Any, _: Asked) -> Any:
    return [entry for entry in answer if entry["type"].endswith(("CALL", "CALLCODE"))]


def _end_pages(answer: Any, asked: Asked) -> Any:
    if asked.params[1] == 1 and asked.method.endswith("Before"):
        answer["lastPage"] = True
    return answer


def _is_search(asked: Asked) -> bool:
    return asked.method.startswith("ots_searchTransactions")


OTS_DIFFERENCES = (
    Difference(
        "a header of another network",
        "genesis holds our precompiles; headers carry the inference root and the certificate",
        lambda asked: asked.method.startswith(("ots_getBlock", "erigon_")),
        _cut_headers,
        is_loss=True,
    ),
    Difference(
        "a header has `totalDifficulty`",
        "geth has none since 1.14, and Otterscan does without",
        lambda asked: asked.method.startswith(("ots_getBlock", "erigon_")),
        _drop_total_difficulty,
    ),
    Difference(
        "a header has a body",
        "Erigon's method gives the header",
        lambda asked: asked.method == "erigon_getHeaderByNumber",
        _drop_body,
    ),
    Difference(
        "details have the bloom",
        "it is null there, to save bandwidth",
        lambda asked: asked.method == "ots_getBlockDetails",
        _cut_bloom,
    ),
    Difference(
        "receipts of a page have logs, bloom and time",
        "logs and bloom are null there; the time belongs to searches",
        lambda asked: asked.method == "ots_getBlockTransactions",
        _cut_receipts,
    ),
    Difference(
        "the count of a page is its own",
        "Otterscan computes the number of pages from it: the block's",
        lambda asked: asked.name == "page after",
        _count_all,
    ),
    Difference(
        "every receipt has a price of blob gas",
        "geth: those of transactions with blobs",
        lambda asked: _is_search(asked) or asked.name == "page",
        _drop_blob_price,
    ),
    Difference(
        "the transaction itself is among its internal operations",
        "Erigon: what is inside only",
        lambda asked: asked.method == "ots_getInternalOperations",
        _drop_outermost,
    ),
    Difference(
        "payments and creations that failed are operations",
        "nothing was paid, nothing was made",
        lambda asked: asked.method == "ots_getInternalOperations",
        _drop_failed,
    ),
    Difference(
        "a trace lacks creations and self-destructions",
        "the call tree has all of them",
        lambda asked: asked.method == "ots_traceTransaction",
        _cut_creations,
        is_loss=True,
    ),
    Difference(
        "nothing before block 1 is not the last page",
        "there is nothing before: it is",
        _is_search,
        _end_pages,
    ),
)
