"""`devnet verify`: check a proof bundle offline; exit 0 verified, 1 refuted, 2 cannot tell."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from devnet.cli.output import json_option
from devnet.errors import BadBundle, ConfigError
from devnet.verification.bundle import Bundle, parse_bundle
from devnet.verification.calldata import encode_check, encode_verify
from devnet.verification.verifier import Mark, Outcome, Step, Verdict, verify_bundle
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
@click.option("--trust", metavar="HASH", help="Hash of the validator set you trust.")
@click.option(
    "--calldata",
    is_flag=True,
    help="Check nothing here: print the call of BundleVerifier.sol that does, on another chain.",
)
@json_option
def command(
    bundle: str, model: str | None, trust: str | None, calldata: bool, as_json: bool
) -> None:
    """Check BUNDLE without a node: signatures, header, path, digests, then run the model again."""
    if calldata:
        data = "0x" + _encode(Path(bundle), _parse_hash(trust)).hex()
        click.echo(json.dumps({"data": data}) if as_json else data)
        return
    verdict = _verify(Path(bundle), Path(model) if model else None, _parse_hash(trust))
    click.echo(_to_json(verdict) if as_json else _to_text(verdict))
    sys.exit(verdict.outcome.value)


def _verify(path: Path, model_path: Path | None, trusted: bytes | None) -> Verdict:
    try:
        bundle = parse_bundle(_read(path).decode())
    except (BadBundle, UnicodeDecodeError) as broken:
        return Verdict(Outcome.REFUTED, (Step("bundle", Mark.FAILS, str(broken)),))
    model = _read(model_path) if model_path else _find_model(bundle, path.parent)
    return verify_bundle(bundle, model, trusted)


def _encode(path: Path, trusted: bytes | None) -> bytes:
    try:
        bundle = parse_bundle(_read(path).decode())
    except UnicodeDecodeError as broken:
        raise BadBundle(f"not JSON: {broken}") from broken
    return encode_verify(bundle) if trusted is None else encode_check(bundle, trusted)


def _find_model(bundle: Bundle, folder: Path) -> bytes | None:
    wanted = bundle.receipt.model_id
    return next((m for m in _list_models(folder) if compute_model_id(m) == wanted), None)


def _list_models(folder: Path) -> Iterator[bytes]:
    for path in sorted(folder.glob("*.onnx")):
        yield _read(path)
    for name in list_samples():
        yield read_sample(name)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as fault:
        raise ConfigError(f"cannot read '{path}': {fault.strerror}") from fault


def _parse_hash(text: str | None) -> bytes | None:
    if text is None:
        return None
    try:
        value = bytes.fromhex(text.removeprefix("0x"))
    except ValueError:
        value = b""
    if len(value) != 32:
        raise ConfigError(f"--trust '{text}' is not a 32-byte hash in hex")
    return value


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
