"""A world whose states are prepared before anything executes in them: observed, overridden."""

from collections.abc import Callable, Iterable
from typing import Any

from devnet.chain.header import Header
from devnet.chain.world import World

Prepare = Callable[[Any], Any]  # a state, and that or another one to use instead


class PreparedWorld(World):
    """The same states as another world's, each through a function when it is opened."""

    def __init__(self, world: World, prepare: Prepare) -> None:
        vars(self).update(vars(world))
        self._inner = world
        self._prepare = prepare

    def open(
        self,
        root: bytes,
        header: Header,
        ancestors: Iterable[bytes] = (),
        base_fee: int | None = None,
    ) -> Any:
        return self._prepare(self._inner.open(root, header, ancestors, base_fee))


def carry_on(world: World, state: Any = None) -> World:
    """A world in which each state that is opened begins where the last one stopped.

    All must be asked for by one root; what they change is never published.

    Args:
        state: where the first one begins; not at the root if it is given.
    """
    first: list[Any] = [] if state is None else [state._account_db]

    def share(state: Any) -> Any:
        if not first:
            first.append(state._account_db)
        state._account_db = first[0]
        return state

    return PreparedWorld(world, share)


def rebind_state(state: Any, **members: Any) -> Any:
    """The same state under a fresh subclass with these members; use only the new one."""
    bound = type(type(state).__name__, (type(state),), members)
    rebound = bound(state._account_db, state.execution_context)
    vars(rebound).update(vars(state))
    return rebound
