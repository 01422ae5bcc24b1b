"""A chain as a running node shows it, block by block, for an audit from afar.

Nothing that comes is believed here: an audit checks it. Requests are those that any client has.
"""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import rlp

from devnet.chain.header import Header, compute_header_hash, decode_header
from devnet.errors import BadBlock, BadBundle, BadProof, RemoteError
from devnet.merkle import EMPTY_ROOT
from devnet.rpc.client import Client
from devnet.verification.audit.execution import EXACT
from devnet.verification.audit.record import Claim, Record, Seal
from devnet.verification.bundle import Bundle, parse_bundle
from devnet.verification.succession import follow_changes, require_trusted
from precompiles.digest import encode_cid
from precompiles.errors import ModelMissing

_MAX_HEADER_BYTES = 1_024  # 21 fields of full size are shorter
_IMPORTED = "was imported"  # said of a block that nobody there has signed


def _is_text(form: str) -> Callable[[Any], object]:
    return lambda answer: isinstance(answer, str) and re.fullmatch(form, answer)


def _is_object(answer: Any) -> bool:
    return isinstance(answer, dict)


def _is_list(answer: Any) -> bool:
    return isinstance(answer, list)


def _is_block(answer: Any) -> bool:
    return _is_object(answer) and _is_list(answer.get("transactions"))


class RemoteChain:
    """The chain of one node, as long as it was when this was made."""

    def __init__(self, client: Client, trusted_set: bytes | None = None) -> None:
        """
        Args:
            trusted_set: hash of a validator set that every block with calls has to follow from.
        Raises: RemoteError.
        """
        self._client = client
        self._trusted_set = trusted_set
        self.chain_id = self._ask_number("eth_chainId", 64)
        self.head = self._ask_number("eth_blockNumber", 15)
        self.agreement = str(self._ask(_is_object, "consensus_status").get("agreement", EXACT))

    def read_record(self, number: int) -> Record:
        """Raises: BadBundle, RemoteError."""
        header = self._read_header(number)
        bundles = tuple(self._list_bundles(number)) if header.extra_data != EMPTY_ROOT else ()
        for bundle in bundles:
            if bundle.chain_id != self.chain_id:
                raise BadBundle(
                    f"block {number}: a bundle is of chain {bundle.chain_id}, the node says it is "
                    f"on chain {self.chain_id}"
                )
            if compute_header_hash(bundle.header) != compute_header_hash(header):
                raise BadBundle(f"block {number}: a bundle and the block have different headers")
            if (bundle.certificate, bundle.validators) != (
                *(bundles[0].certificate, bundles[0].validators),
            ):
                raise BadBundle(f"block {number}: two bundles have different certificates")
        if bundles:
            self._check_sets(bundles[0])
        claims = (Claim(bundle.receipt, bundle.inputs, bundle.outputs) for bundle in bundles)
        seal = _seal(bundles[0]) if bundles else None
        record = Record(header, seal, tuple(claims))
        if record.has_transactions and record.seal is None and self._is_imported(number):
            return replace(record, is_imported=True)
        return record

    def read_model(self, model_id: bytes) -> bytes:
        """The bytes that the node has under an id. Raises: ModelMissing, RemoteError."""
        try:
            return self._ask_bytes("inference_modelFile", "0x" + model_id.hex())
        except RemoteError as refused:
            raise ModelMissing(f"{encode_cid(model_id)}: {refused}") from refused

    def _read_header(self, number: int) -> Header:
        raw = self._ask_bytes("debug_getRawHeader", hex(number))
        if len(raw) > _MAX_HEADER_BYTES:  # RLP is read by recursion: depth grows with length
            raise BadBundle(f"the header of block {number} has {len(raw)} bytes")
        try:
            header = decode_header(rlp.decode(raw))
        except (rlp.DecodingError, BadBlock) as broken:
            raise BadBundle(f"the header of block {number} does not read: {broken}") from broken
        if header.number != number:
            raise BadBundle(f"asked for block {number}, the node shows block {header.number}")
        return header

    def _check_sets(self, bundle: Bundle) -> None:
        number = bundle.header.number
        try:
            sets = follow_changes(self.chain_id, bundle.changes, bundle.block)
            if self._trusted_set is not None:
                require_trusted(sets, self._trusted_set)
        except BadProof as broken:
            raise BadBundle(f"validator set of block {number}: {broken}") from broken

    def _is_imported(self, number: int) -> bool:
        try:
            self._client.request("consensus_commit", hex(number))
        except RemoteError as refused:
            if _IMPORTED in str(refused):
                return True
            raise
        return False

    def _list_bundles(self, number: int) -> list[Bundle]:
        block = self._ask(_is_block, "eth_getBlockByNumber", hex(number), False)
        found: list[Bundle] = []
        for transaction in block["transactions"]:
            count = len(self._ask(_is_list, "inference_receipts", transaction))
            for index in range(count):
                bundle = self._client.request("inference_bundle", transaction, index)
                found.append(parse_bundle(json.dumps(bundle)))
        return found

    def _ask_number(self, method: str, digits: int) -> int:
        return int(self._ask(_is_text(f"0x[0-9a-f]{{1,{digits}}}"), method), 16)

    def _ask_bytes(self, method: str, *params: object) -> bytes:
        return bytes.fromhex(self._ask(_is_text("0x([0-9a-f]{2})*"), method, *params)[2:])

    def _ask(self, is_fit: Callable[[Any], object], method: str, *params: object) -> Any:
        """An answer that is of a form. Raises: RemoteError."""
        answer = self._client.request(method, *params)
        if not is_fit(answer):
            raise RemoteError(f"the node answers {method} with {answer!a:.80}; is it a devnet?")
        return answer


def _seal(bundle: Bundle) -> Seal:
    engines = {engine.fingerprint: engine.description for engine in bundle.engines}
    return Seal(bundle.certificate, bundle.validators, engines)
