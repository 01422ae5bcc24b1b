"""The engine of a host that trusts its models: admission, trial and sessions in this process."""

from collections.abc import Mapping
from typing import TypeVar

from precompiles.engine.agreement import check_agreement
from precompiles.engine.comparison import check_comparison
from precompiles.engine.session import SessionEngine, build_session
from precompiles.engine.trace import Trace, trace_portable, trace_session
from precompiles.models.admission import admit_model
from precompiles.models.manifest import Manifest, Profile
from precompiles.models.store import ModelStore
from precompiles.tensor import Tensor

K = TypeVar("K")
V = TypeVar("V")
Dimensions = tuple[tuple[str, int], ...]
_MAX_KEPT = 1_024  # answers that are remembered


class LocalEngine(SessionEngine):
    """Sessions of one host, and the checks that let a model in; each is made once a model."""

    def __init__(self, store: ModelStore) -> None:
        super().__init__(store)
        self._admitted: dict[tuple[bytes, Dimensions], Manifest] = {}
        self._tried: dict[tuple[bytes, Dimensions], None] = {}

    def admit(self, model_id: bytes, dimensions: Mapping[str, int]) -> Manifest:
        """The static check of the bytes.

        Raises: NotAdmitted, TooLarge; ModelMissing, StoreCorrupt.
        """
        key = (model_id, tuple(sorted(dimensions.items())))
        manifest = self._admitted.get(key)
        if manifest is None:
            manifest = admit_model(self.load(model_id), dimensions)
            _keep(self._admitted, key, manifest)
        return manifest

    def try_out(self, manifest: Manifest) -> None:
        """The runtime takes the file; on generated inputs the reference evaluator gives the same
        bytes for an exact model, and the runtime stays within the bound for a portable one.

        Raises: ModelMissing, StoreCorrupt, RuntimeBroken.
        """
        key = (manifest.model_id, manifest.dimensions)
        if key not in self._tried:
            model = self.load(manifest.model_id)
            seed = int.from_bytes(manifest.model_id[:8], "big")
            if manifest.profile is Profile.EXACT:
                check_agreement(model, manifest, seed)
            elif manifest.profile is Profile.PORTABLE:
                check_comparison(model, manifest, seed)
            else:
                build_session(model)
            _keep(self._tried, key, None)

    def trace(self, manifest: Manifest, inputs: tuple[Tensor, ...]) -> Trace:
        """What every operator of one inference gives on this host.

        Raises: ModelMissing, StoreCorrupt, RuntimeBroken.
        """
        model = self.read_weights(manifest.model_id)
        if manifest.profile is Profile.PORTABLE:
            return trace_portable(model, manifest, inputs)
        return trace_session(self.build, model, manifest, inputs)


def _keep(known: dict[K, V], key: K, value: V) -> None:
    if len(known) >= _MAX_KEPT:
        known.clear()
    known[key] = value
