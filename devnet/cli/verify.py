"""`devnet verify`: check a proof bundle offline; exit 0 verified, 1 refuted, 2 cannot tell."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from devnet.cli.output import json_option
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


@click.command(name="verify")
@click.argument("bundle", type=click.Path())
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
    bundle: str,
    model: str | None,
    trust: bytes | None,
    without_attachments: bool,
    agreement: str | None,
    calldata: bool,
    as_json: bool,
) -> None:
    """Check BUNDLE without a node: signatures, header, path, digests, then run the model again."""
    path = Path(bundle)
    text = _read(path, MAX_BUNDLE_BYTES + 1)
    if calldata:
        click.echo(_show_calls(parse_bundle(text), trust, as_json))
        return

    def find_model(parsed: Bundle) -> bytes | None:
        return _read(Path(model)) if model else _find_model(parsed, path.parent)

    rule = None if agreement is None else parse_agreement(locate_rule(agreement, Path()))
    verdict = verify_text(
        text, find_model, trust, without_attachments=without_attachments, agreement=rule
    )
    click.echo(_to_json(verdict) if as_json else _to_text(verdict))
    sys.exit(verdict.outcome.value)


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


def _read(path: Path, most: int = -1) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(most)
    except OSError as fault:
        raise ConfigError(f"cannot read '{path}': {fault.strerror}") from fault


def _to_text(verdict: Verdict) -> str:
    lines = [
        f"{click.style(step.mark.value, _COLOURS[step.mark])} {step.name:18} {step.value}"
        for step in verdict.steps
    ]
    ending = _WORDS[verdict.outcome] + (f": {verdict.reason}" if verdict.reason else "")
    return "\n".join([*lines, ending])


def _to_json(verdict: Verdict) -> str:
    steps = [{"name": s.name, "mark": s.mark.name.lower(), "value": s.value} for s in verdict.steps]
    outcome = _WORDS[verdict.outcome]
    return json.dumps({"outcome": outcome, "reason": verdict.reason, "steps": steps}, indent=1)
