"""Agency: lets the validators' agents act after every block, as transactions in the node's pool.

They read the contract in the state of the head, like any client. What they send waits as other
transactions do; with automine the node mines it at once, windows and time limits pass by blocks.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from functools import partial

from devnet.chain.call import Call
from devnet.chain.pool.admission import admit
from devnet.chain.signing import UnsignedTransaction, sign_transaction
from devnet.chain.transaction import decode_transaction
from devnet.config import Config
from devnet.consensus.optimistic import OPTIMISTIC
from devnet.errors import BadTransaction, NotNow
from devnet.events import BlockAdded, BlocksRemoved, Event, TransactionSeen
from devnet.node_view import NodeView
from devnet.validators.founding import build_founding
from devnet.validators.optimistic.agent import Act, Agent, Situation
from devnet.validators.optimistic.contract import (
    Status,
    list_entries,
    read_committee,
    read_dispute,
    read_executor,
    read_request,
)
from devnet.validators.optimistic.docket import Matter
from precompiles.registry import read_registration

_TIP_WEI = 10**9


class Agency:
    """An observer of a node with the optimistic rule; keeps its docket up to date."""

    def __init__(self, node: NodeView, config: Config, tell: Callable[[Event], None]) -> None:
        """`tell` is told of every transaction that it puts into the pool."""
        self._node, self._chain_id, self._tell = node, config.chain_id, tell
        keys = build_founding(config).keys
        terms = config.optimistic, config.schedule
        validators = node.cluster.validators
        self.agents = tuple(Agent(validator, *terms) for validator in validators)
        self._read: dict[int, Situation] = {}  # of open matters
        self._keys = {a.address: key for a, key in zip(self.agents, keys, strict=True)}
        blocks = range(node.cluster.first_signed, node.head.header.number + 1)
        for number in blocks:
            node.docket = node.docket.add(list_entries(node.history.get_block(number)))

    def __call__(self, event: Event) -> None:
        node = self._node
        if isinstance(event, BlocksRemoved):
            node.docket = node.docket.rewind(node.head.header.number)
            self._read = {}  # a number may come again and stand for another request
            for agent in self.agents:
                agent.forget(())
        elif isinstance(event, BlockAdded):
            node.docket = node.docket.add(list_entries(event.block))
            self._act()

    def _act(self) -> None:
        matters = self._node.docket.list_open()
        self._read = {m.number: self._look(m) for m in matters}
        number = self._node.head.header.number + 1
        situations = [replace(known, number=number) for known in self._read.values()]
        for agent in self.agents:
            agent.forget(self._read)
            if not self._node.pool.get_queue(agent.address).arrivals:  # else it waits for those
                acts = (act for situation in situations for act in agent.list_acts(situation))
                self._send(agent.address, acts)

    def _look(self, matter: Matter) -> Situation:
        """What the contract knows of a matter; changes only with an event about it."""
        known = before = self._read.get(matter.number)
        if known is None or known.matter is not matter:
            known = self._read_again(matter, before)
        posted_at, number = known.request.posted_at, self._node.head.header.number
        if known.committee is None and matter.root and number > posted_at:
            # asked there for good: the contract sees hashes of 256 blocks, disputes may take more
            drawn = read_committee(partial(self._ask, block=posted_at + 1), matter.number)
            known = replace(known, committee=drawn)
        return known

    def _read_again(self, matter: Matter, before: Situation | None) -> Situation:
        request, committee = None, None
        if before is not None and before.matter.attempt == matter.attempt:
            committee = before.committee
            if before.matter.status is matter.status:
                request = before.request  # moves change the dispute alone
        request = request or read_request(self._ask, matter.number)
        registration = read_registration(self._node.open_storage(), matter.model)
        assert registration is not None, "requests for unknown models are refused"
        is_disputed = request.status is Status.DISPUTED
        return Situation(
            matter,
            registration.manifest,
            request,
            read_dispute(self._ask, matter.number) if is_disputed else None,
            partial(read_executor, self._ask, matter.number),
            committee,
        )

    def _ask(self, data: bytes, block: int | None = None) -> bytes:
        return self._node.call(Call(to=OPTIMISTIC, data=data), block).output

    def _send(self, address: bytes, acts: Iterator[Act]) -> None:
        node = self._node
        nonce = node.open_state().get_nonce(address)
        header, rules = node.next_header, node.next_rules
        for act in acts:
            unsigned = UnsignedTransaction(
                nonce=nonce,
                to=OPTIMISTIC,
                value=act.value,
                data=act.data,
                gas=act.gas,
                max_fee_per_gas=2 * header.base_fee_per_gas + _TIP_WEI,
                max_priority_fee_per_gas=_TIP_WEI,
            )
            raw = sign_transaction(unsigned, self._chain_id, self._keys[address])
            with suppress(BadTransaction, NotNow):  # it cannot pay, or there is no room: later
                transaction = decode_transaction(raw, rules.fork)
                admit(node.pool, transaction, node.open_state(), header, rules)
                nonce += 1
                self._tell(TransactionSeen(transaction))
