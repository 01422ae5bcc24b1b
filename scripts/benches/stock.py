"""py-evm's own way to keep state, behind our seam: the peer of ours."""

from collections.abc import Iterable
from typing import Any

from eth.db.atomic import AtomicDB
from eth.db.backends.memory import MemoryDB

from devnet.chain.header import Header
from devnet.chain.precompile import bind_state
from devnet.chain.world import World, build_context


class StockWorld(World):
    """A world on py-evm's AccountDB and HexaryTrie."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._database = AtomicDB(MemoryDB())
        self._stock: dict[Any, Any] = {}

    def open(
        self,
        root: bytes,
        header: Header,
        ancestors: Iterable[bytes] = (),
        base_fee: int | None = None,
    ) -> Any:
        rules = self.schedule.find_rules(header)
        if rules not in self._stock:
            self._stock[rules] = bind_state(self.table, rules)
        context = build_context(self.chain_id, header, ancestors, base_fee)
        return self._stock[rules](self._database, context, root)
