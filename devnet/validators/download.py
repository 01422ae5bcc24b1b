"""A model on its way from one peer, part after part; kept only if it hashes to its id.

All parts come from the same peer, so whoever is to blame for a wrong hash is known (decision 0057).
"""

from dataclasses import dataclass, field

from devnet.errors import BadMessage
from precompiles.digest import compute_model_id
from precompiles.models.limits import MAX_MODEL_BYTES

PART_BYTES = 1 << 20  # of a model in one message


@dataclass(frozen=True, slots=True)
class ModelWanted:
    """Whoever has this model's bytes: a part of them, please."""

    model_id: bytes
    offset: int


@dataclass(frozen=True, slots=True)
class ModelPart:
    """A part of a model's bytes; they count once all are there and hash to the id."""

    model_id: bytes
    total_bytes: int
    offset: int
    data: bytes


@dataclass(slots=True)
class Download:
    """What has come so far; parts come in order, one for each question."""

    model_id: bytes
    _total: int = -1  # bytes, unknown until the first part
    _data: bytearray = field(default_factory=bytearray)

    @property
    def question(self) -> ModelWanted:
        """What to ask for next."""
        return ModelWanted(self.model_id, len(self._data))

    @property
    def received(self) -> int:
        """Bytes, so far."""
        return len(self._data)

    def add(self, part: ModelPart) -> bytes:
        """Take a part; returns the model once it is whole, else nothing.

        Raises: BadMessage if the peer sends what no honest one would.
        """
        if part.offset != len(self._data):
            return b""  # the answer to a question that was asked twice
        what = f"model 0x{self.model_id.hex()}"
        if not 0 < part.total_bytes <= MAX_MODEL_BYTES:
            raise BadMessage(f"{what} of {part.total_bytes} bytes, at most {MAX_MODEL_BYTES}")
        if self._total not in (-1, part.total_bytes):
            raise BadMessage(f"{what} of {part.total_bytes} bytes, before of {self._total}")
        self._total = part.total_bytes
        expected = min(PART_BYTES, self._total - part.offset)
        if len(part.data) != expected:
            raise BadMessage(f"a part of {len(part.data)} bytes of {what}, not {expected}")
        self._data += part.data
        if len(self._data) < self._total:
            return b""
        model = bytes(self._data)
        if compute_model_id(model) != self.model_id:
            raise BadMessage(f"{what} has the hash 0x{compute_model_id(model).hex()}")
        return model


def cut_part(model: bytes, question: ModelWanted) -> ModelPart:
    """The answer to a question about a model."""
    data = model[question.offset : question.offset + PART_BYTES]
    return ModelPart(question.model_id, len(model), question.offset, data)
