"""`devnet verify`: check a proof bundle offline; exit 0 verified, 1 refuted, 2 cannot tell."""

import json
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from devnet.cli.output import escape, json_option
from devnet.cli.trust import trust_option
from devnet.consensus.agreement import locate_rule, parse_agreement
from devnet.errors import ConfigError
from devnet.verification.bundle import Bundle, parse_bundle
from devnet.verification.calldata import encode_advance, encode_check, encode_verify
from devnet.verification.step import Mark
from devnet.verification.strict_json import MAX_BUNDLE_BYTES
from devnet.verification.verifier import Outcome, Verdict, verify_text
from precompiles.digest import compute_model_id
from precompiles.models.samples import list_samples, read_sample

_COLOURS = {Mark.HOLDS: "green", Mark.FAILS: "red", Mark.UNKNOWN: "yellow"}
_WORDS = {
    Outcome.VERIFIED: "verified",
    Outcome.REFUTED: "refuted",
    Outcome.CANNOT_TELL: "cannot tell",
}
_WORST_FIRST = (Outcome.REFUTED, Outcome.CANNOT_TELL, Outcome.VERIFIED)
_STDIN = "-"


@click.command(name="verify")
@click.argument("bundles", nargs=-1, required=True, metavar="BUNDLE...")
@click.option(
    "--model", type=click.Path(), help="Model file; searched beside the bundle if absent."
)
@trust_option
@click.option(
    "--without-attachments",
    is_flag=True,
    help="Leave ZK proofs and attestations out, which this verifier does not check.",
)
@click.option(
    "--agreement",
    metavar="RULE",
    help="Accept other bits by this rule of the chain, as in tolerance(64); else none.",
)
@click.option(
    "--calldata",
    is_flag=True,
    help="Check nothing here: print the call of BundleVerifier.sol that does, on another chain.",
)
@json_option
def command(
    bundles: tuple[str, ...],
    model: str | None,
    trust: bytes | None,
    without_attachments: bool,
    agreement: str | None,
    calldata: bool,
    as_json: bool,
) -> None:
    """Check bundles without a node: signatures, header, path, digests, then run the model again.

    BUNDLE is a file, or - for what comes on stdin.
    """
    if bundles.count(_STDIN) > 1:
        raise ConfigError("stdin can be read once; give '-' once")
    texts = ((name, _read_bundle(name)) for name in bundles)
    if calldata:
        calls = [_show_calls(parse_bundle(text), trust, as_json) for _, text in texts]
        click.echo(_join_json(calls) if as_json else "\n".join(calls))
        return

    def verify(name: str, text: bytes) -> Verdict:
        def find_model(parsed: Bundle) -> bytes | None:
            return _read(Path(model)) if model else _find_model(parsed, Path(name).parent)

        return verify_text(
            text, find_model, trust, without_attachments=without_attachments, agreement=rule
        )

    rule = None if agreement is None else parse_agreement(locate_rule(agreement, Path()))
    rule = None if rule is None or rule.is_exact else rule
    verdicts = [(name, verify(name, text)) for name, text in texts]
    if as_json:
        click.echo(_join_json([_to_json(name, verdict) for name, verdict in verdicts]))
    else:
        click.echo(_to_text(verdicts[0][1]) if len(verdicts) == 1 else _list_texts(verdicts))
    outcomes = [verdict.outcome for _, verdict in verdicts]
    sys.exit(next(outcome.value for outcome in _WORST_FIRST if outcome in outcomes))


def _show_calls(bundle: Bundle, trusted: bytes | None, as_json: bool) -> str:
    """The call that checks; in JSON, those too that tell the contract of changes before it."""
    data = encode_verify(bundle) if trusted is None else encode_check(bundle, trusted)
    if not as_json:
        return "0x" + data.hex()
    changes = ["0x" + encode_advance(change).hex() for change in bundle.changes]
    return json.dumps({"changes": changes, "data": "0x" + data.hex()}, indent=1)


def _find_model(bundle: Bundle, folder: Path) -> bytes | None:
    wanted = bundle.receipt.model_id
    return next((m for m in _list_models(folder) if compute_model_id(m) == wanted), None)


def _list_models(folder: Path) -> Iterator[bytes]:
    for path in sorted(folder.glob("*.onnx")):
        yield _read(path)
    for name in list_samples():
        yield read_sample(name)


def _read_bundle(name: str) -> bytes:
    """As much as a bundle may have and a byte more, which is then refused."""
    if name == _STDIN:
        return sys.stdin.buffer.read(MAX_BUNDLE_BYTES + 1)
    return _read(Path(name), MAX_BUNDLE_BYTES + 1)


def _read(path: Path, most: int = -1) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(most)
    except OSError as fault:
        raise ConfigError(f"cannot read '{path}': {fault.strerror}") from fault


def _to_text(verdict: Verdict) -> str:
    lines = [
        f"{click.style(step.mark.value, _COLOURS[step.mark])} {step.name:18} {escape(step.value)}"
        for step in verdict.steps
    ]
    ending = _WORDS[verdict.outcome] + (f": {escape(verdict.reason)}" if verdict.reason else "")
    return "\n".join([*lines, ending])


def _list_texts(verdicts: Sequence[tuple[str, Verdict]]) -> str:
    """Each under its name, and how many came out how."""
    parts = [f"{name}\n{_to_text(verdict)}\n" for name, verdict in verdicts]
    counts = Counter(verdict.outcome for _, verdict in verdicts)
    found = ", ".join(f"{counts[o]} {_WORDS[o]}" for o in Outcome if counts[o])
    return "\n".join([*parts, f"{len(verdicts)} bundles: {found}"])


def _to_json(name: str, verdict: Verdict) -> str:
    steps = [{"name": s.name, "mark": s.mark.name.lower(), "value": s.value} for s in verdict.steps]
    outcome = _WORDS[verdict.outcome]
    found = {"bundle": name, "outcome": outcome, "reason": verdict.reason, "steps": steps}
    return json.dumps(found, indent=1)


def _join_json(texts: Sequence[str]) -> str:
    """One object as it is, several as a list."""
    return texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]"
