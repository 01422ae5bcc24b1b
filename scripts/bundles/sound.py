"""Bundles that are as they should be, one for each thing that the format can say."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from bundles.paper import ENGINE, Chain, Run, change_outputs
from bundles.runs import claim_pinned, run_exact, run_portable
from devnet.chain.header import LONDON_LENGTH
from devnet.consensus.set_change import Update
from devnet.consensus.validator_set import compute_set_hash
from devnet.verification.bundle import Attachment, Bundle

OTHER_ENGINE = {"runtime": "paper 1.0", "instructionSet": "slide rule"}


@dataclass(frozen=True, slots=True)
class Case:
    """A bundle, what is special about it, and what it is checked with."""

    name: str
    says: str
    bundle: Bundle
    model: bytes
    trusted: bytes | None = None


def build_sound_cases() -> tuple[Case, ...]:
    """Cases whose signatures hold; not all of them can be verified everywhere."""
    exact, portable = run_exact(), run_portable()
    changed = build_changed_chain()
    changed_bundle = changed.build_bundle(12, 1)
    four = prove_one(exact)
    return (
        Case("exact", "four validators, an exact model", four, exact.model),
        Case(
            "portable",
            "a portable model, signed under two engines",
            prove_one(portable, engines=(ENGINE, OTHER_ENGINE)),
            portable.model,
        ),
        Case(
            "pinned",
            "a pinned model: only the signers' engine could tell, and nobody has that",
            prove_one(claim_pinned()),
            claim_pinned().model,
        ),
        Case("one", "one validator", prove_one(exact, (1,)), exact.model),
        Case(
            "just_enough",
            "67 of 99: one unit of power above two thirds",
            prove_one(exact, (33, 33, 1, 32), silent=(3,)),
            exact.model,
        ),
        Case(
            "exactly_two_thirds",
            "66 of 99",
            prove_one(exact, (33, 33, 33), silent=(2,)),
            exact.model,
        ),
        Case("late_round", "decided in round 7", prove_one(exact, round_=7), exact.model),
        Case("many", "the fourth of five inferences in a block", prove_many(), run_exact(3).model),
        Case(
            "reverted",
            "the call's frame was reverted; the inference ran all the same",
            prove_one(replace(exact, reverted=True)),
            exact.model,
        ),
        Case(
            "london",
            "a header of 16 fields",
            prove_one(exact, header_length=LONDON_LENGTH),
            exact.model,
        ),
        Case(
            "changes",
            "six blocks changed the set: one joins, in the next block another's power rises; two "
            "changes in one block; there and back again; one leaves",
            changed_bundle,
            exact.model,
        ),
        Case(
            "changes_trusted",
            "the same, trusting the set that signs",
            changed_bundle,
            exact.model,
            compute_set_hash(changed_bundle.validators),
        ),
        Case(
            "trust_replaced",
            "a stranger's set names the trusted one, and replaces it before it has signed anything",
            replace_trusted(),
            exact.model,
            compute_set_hash(Chain((1, 1, 1, 1)).get_set(1)),
        ),
        Case(
            "attachments",
            "a ZK proof, and a kind that nobody knows: the rest holds, these are not checked",
            replace(
                four,
                attachments=(
                    Attachment("zk-proof", 1, b"\x01\x02"),
                    Attachment("horoscope", 3, b""),
                ),
            ),
            exact.model,
        ),
        Case(
            "undescribed",
            "nobody has said what the signers' fingerprint stands for",
            replace(four, engines=tuple(replace(e, description=None) for e in four.engines)),
            exact.model,
        ),
        Case(
            "lie",
            "all four have signed an output that the model does not give",
            prove_one(change_outputs(exact)),
            exact.model,
        ),
        Case("other_model", "checked with another model file", four, portable.model),
        Case(
            "other_trust",
            "follows from another genesis set than the trusted one",
            changed_bundle,
            exact.model,
            compute_set_hash(Chain((1, 1)).get_set(1)),
        ),
    )


def prove_one(
    run: Run,
    powers: tuple[int, ...] = (1, 1, 1, 1),
    *,
    silent: tuple[int, ...] = (),
    round_: int = 0,
    engines: tuple[Mapping[str, str], ...] = (ENGINE,),
    header_length: int | None = None,
) -> Bundle:
    """The proof of one inference in the second block of a chain without changes."""
    chain = Chain(powers, engines=engines)
    if header_length is not None:
        chain.header_length = header_length
    chain.add_block()
    chain.add_block(run, silent=silent, round_=round_)
    return chain.build_bundle(2)


def prove_many() -> Bundle:
    """The fourth of five."""
    chain = Chain((1, 1, 1, 1), engines=(ENGINE, OTHER_ENGINE))
    chain.add_block(*map(run_exact, range(5)))
    return chain.build_bundle(1, 3)


def replace_trusted() -> Bundle:
    """Signed by a stranger alone, on a chain that the set of the others is said to follow from."""
    chain = Chain((1,), name="stranger")
    (stranger,) = chain.get_set(1).members
    trusted = Chain((1, 1, 1, 1)).get_set(1).members
    joins = [Update(member.address, 1) for member in trusted]
    leaves = [Update(member.address, 0) for member in trusted]
    chain.add_block(changes=[*joins, Update(stranger.address, 0)])
    chain.add_block(changes=[Update(stranger.address, 1), *leaves])
    chain.add_block(silent=range(len(trusted)))  # theirs to sign, and in no bundle
    chain.add_block(run_exact())
    return chain.build_bundle(4)


def build_changed_chain() -> Chain:
    """Twelve blocks; six of them change the set of four, two inferences are in the last."""
    chain = Chain((3, 3, 3, 3))
    first, *_, fourth = (member.address for member in chain.get_set(1).members)
    joins = chain.add_key(4)
    chain.add_block()
    chain.add_block(changes=[Update(joins, 2)])
    chain.add_block(changes=[Update(first, 4)])
    chain.add_block()
    chain.add_block(changes=[Update(first, 5), Update(joins, 3)], silent=(1,))
    chain.add_block()
    chain.add_block(changes=[Update(first, 6)], round_=2)
    chain.add_block(changes=[Update(first, 5)])
    chain.add_block(changes=[Update(fourth, 0)])
    chain.add_block()
    chain.add_block(changes=[Update(joins, 1)])  # in force after the bundle's block
    chain.add_block(run_exact(), run_exact(1))
    return chain
