"""One seed, one chain: whenever, wherever and however often it is run."""

import inspect
import os
import subprocess
import sys

import pytest


def tell_story(seed: int) -> list[str]:
    """A session with a model, a liar, a crash and a snapshot, as text."""
    from devnet.chain.signing import UnsignedTransaction, sign_transaction
    from devnet.config import Config
    from devnet.consensus.certificate import compute_certificate_hash
    from devnet.models import Models
    from devnet.node import Node
    from devnet.validators.misbehaviour import parse_behavior
    from precompiles.inference import INFER, INFERENCE
    from precompiles.models.samples import read_digits, read_sample
    from precompiles.tensor import DType, Tensor, encode_tensors

    node = Node(Config(seed=seed))
    model_id = Models(node).add(read_sample("digits_exact"), "digits").model_id
    pixels, _ = read_digits()

    def infer(digit: int, account: int) -> None:
        tensor = Tensor(DType.UINT8, (1, 64), pixels[digit].tobytes())
        data = INFER + model_id + (64).to_bytes(32, "big") + encode_tensors([tensor])[32:]
        sender = node.accounts[account]
        nonce = node.get_pending_nonce(sender.address)
        fields = UnsignedTransaction(nonce, INFERENCE, 0, data, 200_000, 10**10, 10**9)
        node.send_raw(sign_transaction(fields, node.config.chain_id, sender.key))

    infer(0, 1)
    node.set_behavior("v2", parse_behavior("wrong-model"))
    infer(1, 2)
    node.set_automine(False)
    snapshot = node.snapshot()
    for account in range(3, 8):
        infer(account, account)
    node.mine(3)
    lost = node.head.hash
    node.revert(snapshot)
    node.set_behavior("v2", parse_behavior("crash@height>=6"))
    for account in range(7, 2, -1):
        infer(account, account)
    node.set_automine(True)
    node.mine(4)
    blocks = [node.history.get_block(number) for number in range(node.head.header.number + 1)]
    certificates = [node.get_certificate(block.header.number) for block in blocks[1:]]
    return [
        lost.hex(),
        *(block.hash.hex() for block in blocks),
        *(compute_certificate_hash(certificate).hex() for certificate in certificates),
        *(validator.address.hex() for validator in node.cluster.validators),
        *(str(report) for report in node.cluster.record.disagreements),
    ]


@pytest.fixture(scope="module")
def story() -> list[str]:
    """The session, told in this process."""
    return tell_story(0)


def test_same_seed_and_transactions_give_equal_hashes(story: list[str]) -> None:
    """Blocks, certificates, addresses and reports, in one process twice."""
    assert tell_story(0) == story
    assert any("v2 found another result" in line for line in story)


@pytest.mark.parametrize("hash_seed", ["1", "4242"])
def test_hashes_do_not_depend_on_the_process(story: list[str], hash_seed: str) -> None:
    """Another interpreter with another PYTHONHASHSEED, clock and locale tells the same story."""
    program = f"{inspect.getsource(tell_story)}\nprint('\\n'.join(tell_story(0)))"
    surroundings = {**os.environ, "PYTHONHASHSEED": hash_seed, "TZ": "Asia/Tokyo", "LC_ALL": "C"}
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=surroundings,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == story


def test_another_seed_is_another_network(story: list[str]) -> None:
    """Other validators, so other addresses, certificates and blocks; genesis included."""
    other = tell_story(1)
    assert len(other) == len(story)
    assert {line for line in other if line in story and " " not in line} == set()
