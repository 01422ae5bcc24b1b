"""Bundles signed by keys of the test's own, so that a changed one can be signed again."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

from devnet.chain.header import Header, compute_header_hash
from devnet.consensus.certificate import Certificate
from devnet.consensus.signature import compute_address
from devnet.consensus.validator_set import Member, ValidatorSet, compute_set_hash
from devnet.consensus.vote import Vote, VoteContext, sign_vote
from devnet.merkle import build_path
from devnet.proofs import build_proof
from devnet.receipt import InferenceReceipt, compute_inference_root, encode_receipt
from devnet.verification.bundle import Bundle, Engine
from precompiles.digest import compute_keccak
from tests.conftest import Driver

CHAIN_ID = 31337
HEIGHT = 7
FINGERPRINT = compute_keccak(b"an engine")


@dataclass(frozen=True)
class Notary:
    """Validators with keys 1, 2, 3, …"""

    powers: tuple[int, ...] = (1, 1, 1, 1)

    @property
    def keys(self) -> dict[bytes, bytes]:
        """Private keys by address, in the order of the set."""
        keys = [(index + 1).to_bytes(32, "big") for index in range(len(self.powers))]
        return {compute_address(key): key for key in keys}

    @property
    def validators(self) -> ValidatorSet:
        members = zip(self.keys, self.powers, strict=True)
        return ValidatorSet(tuple(Member(address, power) for address, power in members))

    @property
    def set_hash(self) -> bytes:
        return compute_set_hash(self.validators)

    def notarise(self, count: int = 1, index: int = 0, nonce: int = 0) -> Bundle:
        """A bundle for one of `count` inferences in a block; another nonce gives other ones."""
        receipts = [build_receipt(place, nonce) for place in range(count)]
        header = Header(
            parent_hash=compute_keccak(bytes([nonce])),
            coinbase=next(iter(self.keys)),
            state_root=compute_keccak(b"state"),
            number=HEIGHT,
            gas_limit=30_000_000,
            gas_used=74_359,
            timestamp=1_700_000_007,
            extra_data=compute_inference_root(receipts),
            mix_hash=compute_keccak(b"random"),
            base_fee_per_gas=10**9,
        )
        path = build_path([encode_receipt(receipt) for receipt in receipts], index)
        bundle = replace(
            build_template(),
            header=header,
            validators=self.validators,
            receipt=receipts[index],
            index=index,
            count=count,
            path=path,
        )
        return self.certify(bundle, list(self.keys))

    def certify(self, bundle: Bundle, signers: Sequence[bytes], value: bytes = b"") -> Bundle:
        """The bundle as it stands, signed by these members.

        Args:
            value: what they sign instead of the header's hash.
        """
        given = bundle.certificate
        value = value or compute_header_hash(bundle.header)
        set_hash = compute_set_hash(bundle.validators)
        context = VoteContext(bundle.chain_id, bundle.header.number, set_hash)
        votes = tuple(
            sign_vote(context, Vote(given.round, value, address, FINGERPRINT), self.keys[address])
            for address in signers
        )
        certificate = Certificate(bundle.header.number, given.round, value, votes)
        engines = (Engine(FINGERPRINT, None),) if votes else ()
        return replace(bundle, certificate=certificate, engines=engines)


@cache
def build_template() -> Bundle:
    """A bundle of a running chain, for what is the same in all of them."""
    chain = Driver(validators=1)
    return build_proof(chain.node, chain.infer(chain.add_digits()).transaction.hash)


def build_receipt(place: int, nonce: int) -> InferenceReceipt:
    """A receipt of the block at HEIGHT, another one for each place and nonce."""
    return InferenceReceipt(
        block_number=HEIGHT,
        transaction_hash=compute_keccak(b"transaction" + bytes([place, nonce])),
        transaction_index=place,
        call_index=0,
        caller=compute_address(b"\x11" * 32),
        model_id=compute_keccak(b"model"),
        mode=0,
        input_digest=compute_keccak(b"input" + bytes([place, nonce])),
        output_digest=compute_keccak(b"output" + bytes([place, nonce])),
        gas=206,
        reverted=False,
    )
