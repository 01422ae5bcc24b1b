"""Facts: what is known of a graph's tensors while its ranges are worked out."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from precompiles.models.graph import Array, Graph, Node
from precompiles.models.ranges.interval import Interval, get_type_range
from precompiles.tensor import DType, TensorType


@dataclass(frozen=True, slots=True)
class Facts:
    """A graph and the intervals found so far, by tensor name."""

    graph: Graph
    bounds: dict[str, Interval] = field(default_factory=dict)
    unwrapped: dict[str, Interval] = field(default_factory=dict)  # integer results, before wrapping

    def find_name(self, node: Node, index: int) -> str:
        """Name of an operand, empty if it is left out."""
        return node.inputs[index] if index < len(node.inputs) else ""

    def find_kind(self, node: Node, index: int) -> TensorType | None:
        name = self.find_name(node, index)
        return self.graph.types[name] if name else None

    def get_kind(self, node: Node, index: int) -> TensorType:
        """Type of an operand that the operator always has."""
        return self.graph.types[node.inputs[index]]

    def get_result(self, node: Node, index: int = 0) -> TensorType:
        """Type of a result that is used."""
        return self.graph.types[node.outputs[index]]

    def find_value(self, node: Node, index: int) -> Array | None:
        """Value of an operand known before the run."""
        return self.graph.values.get(self.find_name(node, index))

    def find_bound(self, node: Node, index: int) -> Interval | None:
        """Interval of an operand; nothing if it may be NaN or is left out."""
        return self.bounds.get(self.find_name(node, index))

    def list_bounds(self, node: Node) -> list[Interval | None]:
        """Of every operand that is given."""
        return [self.bounds.get(name) for name in node.inputs if name]

    def list_kinds(self, node: Node) -> list[TensorType]:
        """Types of every operand and result that is given."""
        return [self.graph.types[name] for name in (*node.inputs, *node.outputs) if name]

    def read_integer(self, node: Node, name: str, default: int) -> int:
        value = node.attributes.get(name, default)
        assert isinstance(value, int), f"{node} has attribute '{name}' of another type"
        return value

    def read_integers(self, node: Node, name: str) -> tuple[int, ...]:
        """The attribute, empty if it is left out."""
        value = node.attributes.get(name, ())
        assert isinstance(value, Iterable), f"{node} has attribute '{name}' of another type"
        return tuple(value)

    def read_text(self, node: Node, name: str, default: str) -> str:
        value = node.attributes.get(name, default)
        return value.decode() if isinstance(value, bytes) else str(value)

    def holds_floats(self, node: Node) -> bool:
        return any(kind.dtype.is_float for kind in self.list_kinds(node))

    def is_single(self, node: Node) -> bool:
        """Every float operand and result is float32."""
        kinds = self.list_kinds(node)
        return all(kind.dtype is DType.FLOAT32 for kind in kinds if kind.dtype.is_float)

    def find_overflow(self, node: Node) -> Interval | None:
        """What the first result may reach if that is outside its integer type."""
        found = self.unwrapped.get(node.outputs[0])
        whole = get_type_range(self.get_result(node).dtype)
        inside = found is None or whole is None or found.is_within(whole)
        return None if inside else found

    def fits(self, interval: Interval | None, dtype: DType) -> bool:
        """The interval is inside an integer type."""
        whole = get_type_range(dtype)
        return interval is not None and whole is not None and interval.is_within(whole)


Transfer = Callable[[Node, Facts], Interval | None]
