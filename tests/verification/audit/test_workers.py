"""Many calls in several processes: the same findings in the same order, and little held at once."""

from collections.abc import Mapping
from functools import partial

import pytest

from devnet.audits import LocalChain, build_local_chain
from devnet.consensus.certificate import Certificate
from devnet.consensus.validator_set import compute_set_hash
from devnet.consensus.vote import Vote, VoteContext, sign_vote
from devnet.errors import HostError
from devnet.models import Models
from devnet.validators.founding import build_founding
from devnet.validators.misbehaviour import parse_behavior
from devnet.verification.audit.audit import audit_blocks
from devnet.verification.audit.execution import Task, execute
from devnet.verification.audit.finding import Result
from devnet.verification.audit.record import Record, Seal
from devnet.verification.audit.workers import Workers, open_workers
from precompiles.engine.description import hash_description
from precompiles.engine.fingerprint import describe_engine
from precompiles.inference import INFER
from precompiles.models.samples import read_sample
from precompiles.tensor import encode_tensors
from tests.conftest import INFERENCE, Driver, encode_infer
from tests.verification.audit.conftest import GAS, Shown, audit, find_lies, list_results
from tests.verification.test_bundle import ONES, ask_pinned

CALLS = 300
PER_BLOCK = 20
CONFIRMED, REFUTED, CANNOT_TELL = Result
OTHER = {**describe_engine(), "instructionSet": "abacus"}


@pytest.fixture(scope="module")
def long_chain() -> LocalChain:
    """300 calls in 15 blocks; in the middle the only validator lies."""
    driver = Driver(validators=1)
    node = driver.node
    model = driver.add_digits()
    node.set_automine(False)
    for block in range(CALLS // PER_BLOCK):
        behavior = "wrong-model" if block in (7, 8) else "honest"
        node.set_behavior("v0", parse_behavior(behavior))
        for call in range(PER_BLOCK):
            data = encode_infer(model, (block * PER_BLOCK + call) % 100)
            node.send_raw(driver.sign(INFERENCE, data, gas=GAS // 2))
        node.mine()
    return build_local_chain(node)


def test_parallel_audit_says_what_a_serial_one_says(long_chain: LocalChain) -> None:
    """Call by call, in the same order: 300 of them, and exactly the lies are refuted."""
    serial = audit(long_chain)
    lies = find_lies(long_chain.history)
    assert len(lies) == CALLS
    assert 20 < sum(lies) <= 40
    assert list_results(serial) == [
        (REFUTED, "execution") if lie else (CONFIRMED, "") for lie in lies
    ]
    assert audit(long_chain, jobs=2) == serial


def test_blocks_are_read_as_findings_are_taken(long_chain: LocalChain) -> None:
    """What waits does not grow with the range: one block and a few calls for each worker."""
    source = Shown(long_chain)
    with open_workers(1) as workers:
        findings = audit_blocks(source, range(source.head + 1), workers)
        for taken in range(60):
            next(findings)
            assert source.reads <= 2 + (taken + 10) // PER_BLOCK + 1


def test_worker_that_dies_ends_the_audit_with_what_to_do(long_chain: LocalChain) -> None:
    """No call is passed over."""
    with open_workers(2) as workers:
        assert workers.executor is not None
        findings = audit_blocks(long_chain, range(long_chain.head + 1), workers)
        next(findings)
        for process in workers.executor._processes.values():  # type: ignore[attr-defined]
            process.kill()
        with pytest.raises(HostError, match="try again with fewer --jobs"):
            list(findings)


def test_pinned_model_of_another_engine_cannot_be_told() -> None:
    """Signed by the same keys under another fingerprint; the fields that differ are named."""
    driver = Driver(validators=1)
    model_id = Models(driver.node).add(ask_pinned(read_sample("digits_float"))).model_id
    data = INFER + model_id + (64).to_bytes(32, "big") + encode_tensors([ONES])[32:]
    driver.send(INFERENCE, data)
    source = build_local_chain(driver.node)
    assert list_results(audit(source)) == [(CONFIRMED, "")]
    (key,) = build_founding(driver.node.config).keys
    elsewhere = partial(sign_elsewhere, source.chain_id, key)
    for described, says in (
        (OTHER, "instructionSet is 'abacus' there"),
        (None, "nobody says in which fields they differ"),
    ):
        (finding,) = audit(Shown(source, change=partial(elsewhere, described)))
        assert (finding.result, finding.step) == (CANNOT_TELL, "execution")
        named = f"signed under engine 0x{hash_description(OTHER).hex()[:16]}…, this host is 0x"
        assert named in finding.reason
        assert says in finding.reason
        assert "runtime is" not in finding.reason
    findings = audit(Shown(source, change=partial(elsewhere, describe_engine())))
    assert set(list_results(findings)) == {(REFUTED, "engines")}


def sign_elsewhere(
    chain_id: int, key: bytes, described: Mapping[str, str] | None, record: Record
) -> Record:
    """As if another engine had executed the block, and said so, or something else, or nothing."""
    if record.seal is None:
        return record
    given, validators = record.seal.certificate, record.seal.validators
    context = VoteContext(chain_id, given.height, compute_set_hash(validators))
    (member,) = validators.members
    fingerprint = hash_description(OTHER)
    vote = sign_vote(context, Vote(given.round, given.block_hash, member.address, fingerprint), key)
    certificate = Certificate(given.height, given.round, given.block_hash, (vote,))
    return Record(
        record.header, Seal(certificate, validators, {fingerprint: described}), record.claims
    )


def test_worker_needs_nothing_but_a_folder_and_a_value(long_chain: LocalChain) -> None:
    """The answer of a process of its own is the answer of this one."""
    (claim, *_) = long_chain.read_record(2).claims
    model_id = claim.receipt.model_id
    task = Task(model_id, claim.inputs, claim.outputs, {}, "exact")
    with open_workers(2) as workers:
        alone = Workers(1, workers.folder, None)
        assert alone.submit(task).result().reason.startswith("ModelMissing")
        path = workers.folder / model_id.hex()
        path.write_bytes(long_chain.read_model(model_id))
        assert workers.submit(task).result() == execute(workers.folder, "", task)
