"""Which client a validator runs, as behaviours name it: `py-evm` or `eels[:PYTHON]`."""

from collections.abc import Callable
from difflib import get_close_matches

from devnet.chain.client import Client, PyEvmClient
from devnet.chain.eels.client import EelsClient
from devnet.chain.eels.process import EelsProcess
from devnet.chain.forks.schedule import ForkSchedule
from devnet.errors import ConfigError

DEFAULT = PyEvmClient.name
_NAMES = (PyEvmClient.name, EelsClient.name)


def check_engine(engine: str) -> None:
    """Raises: ConfigError unless there is such a client; whether it is installed shows later."""
    name, _, python = engine.partition(":")
    if name not in _NAMES:
        near = get_close_matches(name, _NAMES, n=1)
        hint = f"did you mean '{near[0]}'? " if near else ""
        raise ConfigError(f"no engine '{name}'; {hint}there are {', '.join(_NAMES)}")
    if python and name != EelsClient.name:
        raise ConfigError(f"engine '{engine}': only {EelsClient.name} takes a Python")


def check_installed(engine: str) -> None:
    """Raises: ConfigError if the client of this name cannot be started here."""
    name, _, python = engine.partition(":")
    if name == EelsClient.name:
        process = EelsProcess(python)
        try:
            process.start()
        finally:
            process.close()


def build_client(engine: str, schedule: ForkSchedule, recount: Callable[[], None]) -> Client:
    """The client of this name.

    Args:
        recount: called before a block's inferences run once more.
    Raises: ConfigError if it is not installed, or does not start.
    """
    name, _, python = engine.partition(":")
    if name == EelsClient.name:
        return EelsClient(python, schedule, recount)
    return PyEvmClient()
