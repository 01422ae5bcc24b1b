"""Supply: models' bytes from validator to validator, for whoever has none.

A validator asks one peer after the other, in parts; one that serves something else is asked no
more, and named.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from devnet.errors import BadMessage
from devnet.validators.download import Download, ModelPart, ModelWanted, cut_part
from devnet.validators.faults.fault import Strategy
from devnet.validators.validator import Validator
from precompiles.errors import ModelMissing, StoreCorrupt


@dataclass(frozen=True, slots=True)
class Delivery:
    """What came of one validator's search for a model."""

    height: int  # at which it was lacking
    validator: str
    model_id: bytes
    server: str  # who had it, empty if nobody who could be heard
    liars: tuple[str, ...]  # who served something else; they are asked no more

    def is_about(self, other: "Delivery") -> bool:
        """Whether both are searches of one validator for one model at one height."""
        ours = self.height, self.validator, self.model_id
        return ours == (other.height, other.validator, other.model_id)

    def merge(self, later: "Delivery") -> "Delivery":
        """What came of both searches."""
        liars = tuple(dict.fromkeys(self.liars + later.liars))
        return replace(later, server=later.server or self.server, liars=liars)

    def __str__(self) -> str:
        text = (
            f"{self.validator} had no bytes of model 0x{self.model_id.hex()} at block {self.height}"
        )
        text += f", fetched from {self.server}" if self.server else ", nobody heard has them"
        if not self.liars:
            return text
        return f"{text}; {', '.join(self.liars)} served wrong bytes and is asked no more"


class Supply:
    """All searches of one cluster."""

    def __init__(
        self,
        validators: Sequence[Validator],
        is_linked: Callable[[int, int], bool],
        on_delivery: Callable[[Delivery], None],
    ) -> None:
        """`is_linked` says whether two validators hear each other, by their places."""
        self._validators, self._is_linked = tuple(validators), is_linked
        self._on_delivery = on_delivery
        self._dropped: dict[tuple[int, int], None] = {}  # who asks, who is asked no more

    def fetch(self, node: int) -> None:
        """Let a validator have the models that it was asked for in vain, from whoever has them."""
        validator = self._validators[node]
        for model_id in tuple(validator.engine.missing):
            model, server, liars = self._search(node, model_id)
            height = validator.head.number + 1
            if model:
                validator.put_model(model)
            elif not validator.stuck:  # nobody needs it: the chain goes on
                del validator.engine.missing[model_id]
            self._on_delivery(Delivery(height, validator.name, model_id, server, liars))

    def _search(self, node: int, model_id: bytes) -> tuple[bytes, str, tuple[str, ...]]:
        liars: list[str] = []
        for other, peer in enumerate(self._validators):
            is_heard = other != node and self._is_linked(node, other)
            if not is_heard or (node, other) in self._dropped:
                continue
            try:
                return download(peer, model_id), peer.name, tuple(liars)
            except (ModelMissing, StoreCorrupt):
                continue
            except BadMessage:
                self._dropped[node, other] = None
                liars.append(peer.name)
        return b"", "", tuple(liars)


def download(peer: Validator, model_id: bytes) -> bytes:
    """All parts of a model from one peer.

    Raises: BadMessage if it serves something else; ModelMissing, StoreCorrupt if it cannot serve.
    """
    coming = Download(model_id)
    while True:
        model = coming.add(serve_part(peer, coming.question))
        if model:
            return model


def serve_part(validator: Validator, question: ModelWanted) -> ModelPart:
    """What a validator answers who is asked for a model's bytes; a faulty one changes them.

    Raises: ModelMissing, StoreCorrupt.
    """
    height = validator.head.number + 1
    if not validator.is_running(height):
        raise ModelMissing(f"{validator.name} is down")
    if question.model_id in validator.engine.missing:
        raise ModelMissing(f"{validator.name} looks for 0x{question.model_id.hex()} itself")
    part = cut_part(validator.store.get(question.model_id), question)
    lies = validator.conduct.picks((Strategy.WRONG_BYTES,), height, 0, 0, question.model_id)
    if part.data and lies:
        return replace(part, data=bytes((part.data[0] ^ 1,)) + part.data[1:])
    return part
