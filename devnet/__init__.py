"""A local EVM chain with verifiable AI inference."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from devnet.devnet import Devnet

__all__ = ["Devnet"]


def __getattr__(name: str) -> Any:
    """Load `Devnet` on first use, so that `import devnet` stays light."""
    if name == "Devnet":
        from devnet.devnet import Devnet

        return Devnet
    raise AttributeError(f"module 'devnet' has no attribute {name!r}")
