"""The command line: `devnet up | demo | model | receipt | verify | audit | lab` and others.

stdout is the result, stderr is talk. Expected errors end in one line and an exit code.
"""

from importlib import import_module
from typing import Any

import click

from devnet.cli.output import fail
from devnet.errors import DevnetError
from precompiles.errors import Fatal, PrecompileError, Revert

_COMMANDS = {
    "up": "Start a devnet and answer JSON-RPC.",
    "validator": "Run one validator as a process of its own.",
    "import": "Take blocks made elsewhere into a data directory.",
    "demo": "Tell the whole story in under a minute.",
    "model": "Add, list, show and run models.",
    "receipt": "Write the proof bundle of an inference.",
    "verify": "Check a proof bundle offline.",
    "audit": "Run every inference of a range of blocks again.",
    "lab": "Run scenarios with faults, replayable from a seed.",
}
_MODULES = {"import": "importing"}  # whose name is not the command's: Python keeps that one
_EXIT_FATAL = 2  # this host cannot answer


class _LazyGroup(click.Group):
    """Imports a command's module, `devnet.cli.<name>`, when it is used, so `--help` is quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module = _MODULES.get(cmd_name, cmd_name)
        command: click.Command = import_module(f"devnet.cli.{module}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except DevnetError as error:
            fail(str(error), error.exit_code)
        except Revert as error:
            fail(error.reason, 1)
        except Fatal as error:
            fail(f"{type(error).__name__}: {error}", _EXIT_FATAL)
        except PrecompileError as error:
            fail(f"{type(error).__name__}: {error}", 1)
        except KeyboardInterrupt:
            fail("interrupted", 130)


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="inference-devnet", prog_name="devnet")
def main() -> None:
    """A local EVM chain with verifiable AI inference."""
