"""`devnet demo`: the whole story in a terminal, every part real.

A contract reads handwritten digits; validators agree; liars are named; a proof is checked offline.
"""

import json
import subprocess
import sys
import textwrap
from collections import Counter
from pathlib import Path
from typing import Any

import click
import numpy as np
from rich.console import Console
from rich.table import Table

from devnet.clock import read_clock
from devnet.devnet import Devnet
from devnet.errors import ConfigError, NoQuorum
from devnet.verification.bundle import dump_bundle
from precompiles.digest import encode_cid
from precompiles.engine.fingerprint import compute_fingerprint, describe_engine
from precompiles.models.graph import Array
from precompiles.models.samples import read_digits

_DIGITS = 10  # read on chain
_WIDTH = 100  # characters of a line of talk
_SHADES = " ░▒▓█"


@click.command(name="demo")
@click.option("--seed", default=0, show_default=True)
@click.option(
    "--out",
    type=click.Path(file_okay=False),
    default="devnet-demo",
    show_default=True,
    help="Folder for the proof bundles.",
)
def command(seed: int, out: str) -> None:
    """Tell the whole story in under a minute."""
    started = read_clock()
    console = Console(highlight=False, soft_wrap=True)
    if not console.is_terminal:
        console.width = _WIDTH + 20
    try:
        Path(out).mkdir(parents=True, exist_ok=True)
    except OSError as fault:
        raise ConfigError(f"cannot make folder '{out}': {fault.strerror}") from fault
    Story(console, Devnet(validators=4, seed=seed), Path(out)).tell()
    console.print(f"\nDone in {read_clock() - started:.1f} s.")


class Story:
    """The chapters in order; each leaves the chain to the next."""

    def __init__(self, console: Console, net: Devnet, folder: Path) -> None:
        self.console = console
        self.net = net
        self.folder = folder
        self.pixels, self.labels = read_digits()
        self.reader: Any = None
        self.proven = b""  # hash of the transaction whose proof is checked

    def tell(self) -> None:
        self._start()
        self._register()
        self._read_digits()
        self._outvote_one()
        self._halt_with_two()
        self._check_offline()

    def _start(self) -> None:
        node = self.net.node
        self._title("1  Four validators, each with its own state, models and engine")
        for validator in node.cluster.validators:
            self.console.print(f"   {validator.name}  {_short(validator.address)}  power 1")
        engine = describe_engine()
        self.console.print(
            f"   engine of each: {engine['runtime']}, {engine['instructionSet']}; "
            f"fingerprint {_short(compute_fingerprint())}"
        )
        self.console.print(f"   genesis {_short(node.head.hash)}, chain {node.config.chain_id}")

    def _register(self) -> None:
        self._title("2  Register an integer model of handwritten digits, deploy a contract on it")
        model = self.net.models.add("digits_exact", alias="digits")
        manifest = model.registration.manifest
        self.console.print(f"   model   {encode_cid(model.id)}")
        self.console.print(
            f"   profile {manifest.profile.name.lower()}: same bits on every host; "
            f"{manifest.work.macs:,} multiply-adds, {manifest.size_bytes:,} bytes, "
            f"{_quote(self.net):,} gas a call"
        )
        self.console.print("   every validator has checked the file and registered it")
        self.reader = self.net.deploy("DigitReader", model.id)
        self.console.print(f"   DigitReader at {self.reader.address}")

    def _read_digits(self) -> None:
        self._title("3  The contract reads ten digits it has never seen, inside its transactions")
        for row in _draw(self.pixels[0]):
            self.console.print(f"      {row}")
        table = Table(
            *("digit", "label", "block", "gas", "inference root", "engines", "signed by"),
            box=None,
            padding=(0, 2, 0, 1),
        )
        right = 0
        for index in range(_DIGITS):
            receipt = self._read(index)
            block = self.net.node.history.get_block(receipt["blockNumber"])
            digit = self.reader.functions.lastDigit().call()
            right += digit == self.labels[index]
            self.proven = self.proven or bytes(receipt["transactionHash"])
            table.add_row(
                str(digit),
                str(self.labels[index]),
                str(receipt["blockNumber"]),
                f"{receipt['gasUsed']:,}",
                _short(block.header.extra_data),
                self._engines(receipt["blockNumber"]),
                self._signers(receipt["blockNumber"]),
            )
        self.console.print(table)
        self.console.print(
            f"   {right} of {_DIGITS} right; each block final with 4 of 4 signatures"
        )

    def _outvote_one(self) -> None:
        self._title("4  v2 changes one weight of its model")
        self.net.set_behavior("v2", "wrong-model")
        for index in range(_DIGITS, len(self.labels)):
            receipt = self._read(index)
            if self.net.node.cluster.record.disagreements:
                break
        signers = self._signers(receipt["blockNumber"])
        self.console.print(f"   block {receipt['blockNumber']} is final, signed by {signers}")
        for disagreement in self.net.node.cluster.record.disagreements:
            self._say(f"outvoted: {disagreement}", "yellow")

    def _halt_with_two(self) -> None:
        self._title("5  v3 does the same: nobody has more than 2/3")
        self.net.set_behavior("v3", "wrong-model")
        height = self.net.node.head.header.number
        for index in range(_DIGITS, len(self.labels)):
            try:
                self._read(index)
            except NoQuorum as halt:
                self._say(str(halt), "red")
                break
        self.console.print(f"   the chain stands at block {self.net.node.head.header.number}")
        node = self.net.node
        for name in ("v2", "v3"):
            self.net.set_behavior(name, "honest")
            if node.head.header.number == height:
                self._read(0)
            height = node.head.header.number
            self.console.print(
                f"   {name} restored, it executes what it missed: block {height} is final, "
                f"signed by {self._signers(height)}",
                style="green",
            )

    def _check_offline(self) -> None:
        self._title("6  A proof of the first reading, checked by another process without a node")
        bundle = dump_bundle(self.net.bundle(self.proven).bundle)
        path = self.folder / "bundle.json"
        path.write_text(json.dumps(bundle, indent=1) + "\n")
        self._verify(path)
        self._title("7  The same proof with one byte of the output changed")
        data = bundle["outputs"][1]["data"]
        bundle["outputs"][1]["data"] = f"{data[:-2]}{int(data[-2:], 16) ^ 1:02x}"
        forged = self.folder / "forged.json"
        forged.write_text(json.dumps(bundle, indent=1) + "\n")
        self._verify(forged)

    def _verify(self, path: Path) -> None:
        self.console.print(f"   $ devnet verify {path}")
        run = subprocess.run(
            [sys.executable, "-m", "devnet", "verify", str(path)],
            capture_output=True,
            text=True,
            check=False,
        )
        for line in run.stdout.splitlines():
            self.console.print(f"   {line[:110]}")
        self.console.print(f"   exit code {run.returncode}")

    def _read(self, index: int) -> Any:
        sent = self.reader.functions.read(self.pixels[index].tobytes()).transact()
        return self.net.w3.eth.wait_for_transaction_receipt(sent)

    def _signers(self, number: int) -> str:
        names = {v.address: v.name for v in self.net.node.cluster.validators}
        votes = self.net.node.get_certificate(number).votes
        return " ".join(names[vote.validator] for vote in votes)

    def _engines(self, number: int) -> str:
        votes = self.net.node.get_certificate(number).votes
        counts = Counter(vote.fingerprint for vote in votes)
        return ", ".join(f"{count} x {_short(each)}" for each, count in counts.items())

    def _say(self, text: str, style: str) -> None:
        """A long sentence, broken at spaces."""
        wrapped = textwrap.fill(
            text, _WIDTH, initial_indent="   ", subsequent_indent="     ", break_long_words=False
        )
        self.console.print(wrapped, style=style)

    def _title(self, text: str) -> None:
        self.console.print(f"\n[bold]{text}[/bold]")


def _quote(net: Devnet) -> int:
    from devnet.models import Models

    return Models(net.node).quote("digits")


def _draw(pixels: Array) -> list[str]:
    """An 8x8 image in shades, two characters a pixel."""
    levels = (np.asarray(pixels).reshape(8, 8).astype(int) * (len(_SHADES) - 1)) // 16
    return ["".join(_SHADES[level] * 2 for level in row) for row in levels]


def _short(data: bytes) -> str:
    return f"0x{data.hex()[:8]}…"
