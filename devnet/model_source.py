"""Where users take models from: bytes, a file, or a bundled sample by its name."""

from pathlib import Path

from devnet.errors import ConfigError
from precompiles.models.samples import list_samples, read_sample


def read_model(source: str | Path | bytes) -> bytes:
    """Bytes of a model. Raises: ConfigError if there is neither such a file nor such a sample."""
    if isinstance(source, bytes):
        return source
    if isinstance(source, str) and source in list_samples():
        return read_sample(source)
    try:
        return Path(source).read_bytes()
    except OSError as fault:
        samples = ", ".join(list_samples())
        raise ConfigError(
            f"cannot read '{source}': {fault.strerror}; give an ONNX file or a sample ({samples})"
        ) from fault
