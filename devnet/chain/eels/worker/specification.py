"""The specification: a package of modules for each fork, which mirror each other."""

from importlib import import_module
from typing import Any


def load(fork: str, module: str) -> Any:
    """A module of a fork, as in `load("osaka", "vm.gas")`; what it holds differs by fork."""
    return import_module(f"ethereum.forks.{fork}.{module}")
