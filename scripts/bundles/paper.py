"""A chain on paper: what a proof bundle shows of a chain, made without executing blocks.

Headers, certificates, inferences and the staking contract's storage are as a node would have them;
the rest is blank. So a test has any powers, engines and changes of the set, and any lie.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from devnet.chain.header import PRAGUE_LENGTH, Header, compute_header_hash
from devnet.chain.state.account import Account, encode_account
from devnet.chain.state.encoding import compute_address_path, compute_slot_path, encode_number
from devnet.chain.state.node import Node
from devnet.chain.state.proof import prove_account
from devnet.chain.state.trie import EMPTY
from devnet.config import GENESIS_TIME, Staking
from devnet.consensus.certificate import Certificate, compute_certificate_hash
from devnet.consensus.set_change import DELAY, Update, apply_updates
from devnet.consensus.signature import compute_address
from devnet.consensus.staking import (
    EPOCHS,
    MEMBERS,
    SET_HASH,
    STAKING,
    TOTAL_POWER,
    build_storage,
    locate_first_height,
    locate_item,
)
from devnet.consensus.validator_set import Member, ValidatorSet, compute_set_hash
from devnet.consensus.vote import Vote, VoteContext, sign_vote
from devnet.merkle import build_path
from devnet.receipt import InferenceReceipt, compute_inference_root, encode_receipt
from devnet.streams import draw
from devnet.verification.bundle import Bundle, Engine
from devnet.verification.signed_block import SignedBlock, StateProof
from precompiles.digest import compute_keccak, compute_model_id
from precompiles.engine.description import hash_description
from precompiles.tensor import Tensor, encode_tensors

ENGINE: Mapping[str, str] = {"runtime": "paper 1.0", "instructionSet": "abacus"}
_BYSTANDERS = 20  # accounts beside the contract, so that its path in the trie has some length


@dataclass(frozen=True, slots=True)
class Run:
    """One inference to be put into a block."""

    model: bytes
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    reverted: bool = False


@dataclass(frozen=True, slots=True)
class Block:
    """A signed block, and what stands behind its roots."""

    header: Header
    certificate: Certificate
    validators: ValidatorSet
    state: Node[Account]
    entries: int  # of the contract's list of sets, after this block
    receipts: tuple[InferenceReceipt, ...]
    runs: tuple[Run, ...]


@dataclass(slots=True)
class Chain:
    """Grows block by block; equal arguments give equal blocks."""

    powers: Sequence[int]
    chain_id: int = 31337
    name: str = "paper"  # draws the keys
    engines: Sequence[Mapping[str, str]] = (ENGINE,)  # of the validators in turn
    header_length: int = PRAGUE_LENGTH
    blocks: list[Block] = field(default_factory=list)
    _sets: dict[int, ValidatorSet] = field(default_factory=dict)  # by first height
    _storage: dict[int, int] = field(default_factory=dict)
    _keys: dict[bytes, bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        addresses = [self.add_key(index) for index in range(len(self.powers))]
        members = (Member(a, power) for a, power in zip(addresses, self.powers, strict=True))
        self._sets[0] = ValidatorSet(tuple(members))
        self._storage = build_storage(self._sets[0], Staking())

    def add_key(self, index: int) -> bytes:
        """Address of a validator, with power or without."""
        key = draw(0, self.name, index)
        address = compute_address(key)
        self._keys[address] = key
        return address

    def get_set(self, height: int) -> ValidatorSet:
        """Who signs a height."""
        return self._sets[max(first for first in self._sets if first <= height)]

    def add_block(
        self,
        *runs: Run,
        changes: Sequence[Update] = (),
        silent: Sequence[int] = (),
        round_: int = 0,
    ) -> Block:
        """The next block.

        Args:
            changes: of powers, one entry each in the contract's list.
            silent: places in the set of those who do not sign.
        """
        number = len(self.blocks) + 1
        for change in changes:
            self._change(change, number + DELAY)
        receipts = tuple(_build_receipt(number, index, run) for index, run in enumerate(runs))
        state = self._build_state(number)
        parent = self.blocks[-1] if self.blocks else None
        validators = self.get_set(number)
        header = Header(
            parent_hash=compute_header_hash(parent.header) if parent else bytes(32),
            coinbase=validators.members[number % len(validators.members)].address,
            state_root=state.root,
            number=number,
            gas_limit=30_000_000,
            gas_used=21_000 * len(runs),
            timestamp=GENESIS_TIME + number,
            extra_data=compute_inference_root(receipts),
            mix_hash=draw(number, self.name, "mix"),
            base_fee_per_gas=10**9,
            parent_beacon_block_root=compute_certificate_hash(
                parent.certificate if parent else None
            ),
            length=self.header_length,
        )
        certificate = self._sign(header, validators, silent, round_)
        entries = self._storage[EPOCHS]
        block = Block(header, certificate, validators, state, entries, receipts, runs)
        self.blocks.append(block)
        return block

    def build_bundle(self, number: int, index: int = 0) -> Bundle:
        """The proof of an inference, by the index of its receipt in the block."""
        block = self.blocks[number - 1]
        leaves = [encode_receipt(receipt) for receipt in block.receipts]
        entries = [1] + [each.entries for each in self.blocks]  # after each block
        heights = [h for h in range(1, number - DELAY + 1) if entries[h] > entries[h - 1]]
        following = entries[heights[-1]] if heights else 1
        last = prove(block, (locate_first_height(following),))
        known = {hash_description(description): description for description in self.engines}
        votes = block.certificate.votes
        return Bundle(
            chain_id=self.chain_id,
            header=last.header,
            certificate=last.certificate,
            validators=last.validators,
            proof=last.proof,
            changes=tuple(
                prove(
                    self.blocks[height - 1],
                    (SET_HASH, EPOCHS, locate_first_height(entries[height - 1])),
                )
                for height in heights
            ),
            engines=tuple(
                Engine(f, known[f]) for f in dict.fromkeys(vote.fingerprint for vote in votes)
            ),
            receipt=block.receipts[index],
            index=index,
            count=len(leaves),
            path=build_path(leaves, index),
            inputs=block.runs[index].inputs,
            outputs=block.runs[index].outputs,
        )

    def _change(self, change: Update, first: int) -> None:
        """As the contract writes it."""
        latest = self._sets[max(self._sets)]
        after = apply_updates(latest, (change,))
        self._sets[first] = after
        set_hash = int.from_bytes(compute_set_hash(after), "big")
        entry = self._storage[EPOCHS]
        self._storage |= {
            SET_HASH: set_hash,
            TOTAL_POWER: after.total_power,
            MEMBERS: len(after.members),
            EPOCHS: entry + 1,
            locate_item(EPOCHS, entry, words=2): set_hash,
            locate_first_height(entry): first,
        }

    def _build_state(self, number: int) -> Node[Account]:
        storage: Node[int] = EMPTY
        for slot, word in self._storage.items():
            storage = storage.put(compute_slot_path(slot), word, encode_number(word))
        accounts = {
            compute_keccak(bytes((index,)))[12:]: Account(number, index)
            for index in range(_BYSTANDERS)
        }
        accounts[STAKING] = Account(1, 10**18, storage)
        state: Node[Account] = EMPTY
        for address, account in accounts.items():
            state = state.put(compute_address_path(address), account, encode_account(account))
        return state

    def _sign(
        self, header: Header, validators: ValidatorSet, silent: Sequence[int], round_: int
    ) -> Certificate:
        block_hash = compute_header_hash(header)
        context = VoteContext(self.chain_id, header.number, compute_set_hash(validators))
        votes = []
        for place, member in enumerate(validators.members):
            if place not in silent:
                fingerprint = hash_description(self.engines[place % len(self.engines)])
                vote = Vote(round_, block_hash, member.address, fingerprint)
                votes.append(sign_vote(context, vote, self._keys[member.address]))
        return Certificate(header.number, round_, block_hash, tuple(votes))


def prove(block: Block, slots: tuple[int, ...]) -> SignedBlock:
    """A block with the proof of words of the staking contract."""
    proof = prove_account(block.state, STAKING, slots)
    words = tuple(word.nodes for word in proof.words)
    return SignedBlock(
        block.header, block.certificate, block.validators, StateProof(proof.nodes, words)
    )


def change_outputs(run: Run) -> Run:
    """The same inference with the lowest bit of its last output changed."""
    *rest, last = run.outputs
    data = last.data[:-1] + bytes((last.data[-1] ^ 1,))
    return replace(run, outputs=(*rest, replace(last, data=data)))


def _build_receipt(number: int, index: int, run: Run) -> InferenceReceipt:
    return InferenceReceipt(
        block_number=number,
        transaction_hash=draw(number, "transaction", index),
        transaction_index=index,
        call_index=0,
        caller=draw(number, "caller", index)[12:],
        model_id=compute_model_id(run.model),
        mode=0,
        input_digest=compute_keccak(encode_tensors(run.inputs)),
        output_digest=compute_keccak(encode_tensors(run.outputs)),
        gas=50_000,
        reverted=run.reverted,
    )
