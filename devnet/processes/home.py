"""Home: what one validator process keeps on disk: chain, state, models, log, and a lock on all."""

from dataclasses import replace
from functools import partial
from pathlib import Path

from devnet.chain.account import derive_accounts
from devnet.chain.block import Execution, build_execution
from devnet.chain.history import History
from devnet.chain.transaction import Transaction
from devnet.config import Host
from devnet.consensus.certificate import Certificate, decode_certificate, encode_certificate
from devnet.consensus.set_change import DELAY
from devnet.consensus.signature import recover
from devnet.consensus.staking import STAKING, list_changes
from devnet.consensus.turns import Turns
from devnet.consensus.validator_set import ValidatorSet
from devnet.data_directory import DataDirectory, Settings
from devnet.errors import StoreError
from devnet.processes.log import DiskLog
from devnet.processes.network_file import Network
from devnet.timeline import Timeline
from devnet.validators.evidence_pool import EvidencePool
from devnet.validators.evidence_shelf import EvidenceShelf
from devnet.validators.founding import build_founding
from devnet.validators.misbehaviour import HONEST, Behavior
from devnet.validators.proposal import Proposal
from devnet.validators.succession import read_set
from devnet.validators.validator import Validator

_FIRST_SIGNED = 1  # a network of processes begins with a genesis of its own


class Home:
    """One folder, one process. Everything raises StoreError."""

    def __init__(
        self,
        folder: Path,
        network: Network,
        index: int,
        key: bytes,
        isolate: bool,
        behavior: Behavior = HONEST,
    ) -> None:
        """Goes on where the folder ends. Raises: ConfigError if it holds another chain."""
        self.directory = DataDirectory(folder)
        try:
            self._open(folder, network, index, key, isolate)
            self.validator.set_behavior(behavior)
        except BaseException:
            self.directory.close()
            raise

    def _open(self, folder: Path, network: Network, index: int, key: bytes, isolate: bool) -> None:
        config = network.config
        self.config = config
        self.directory.choose_config(config, _FIRST_SIGNED)
        founding = build_founding(config)
        index = min(index, len(founding.keys))  # who joins comes after the founders
        founding = replace(founding, keys=(*founding.keys[:index], key))
        self._founders = founding.validators
        self.turns = Turns(self.get_validators, _FIRST_SIGNED)
        funded = [a.address for a in derive_accounts(config.mnemonic, config.accounts)]
        kept, host = self.directory.history, Host(folder, isolate)
        self.evidence = EvidencePool(self.turns.get_set_hash, EvidenceShelf(folder))
        self.validator = Validator(
            *(index, config, founding, self.turns, recover, self.evidence, funded, host, None, kept)
        )
        if kept is None:
            genesis = build_execution(self.validator.head, (), (), ())
            kept = History(genesis, self.directory.shelf)
            self.directory.commit()
        self.history = kept
        self.log = DiskLog(folder)
        head = kept.head.header
        for number in range(self.validator.head.number + 1, head.number + 1):
            self.validator.follow(kept.get_block(number), self.get_certificate(number))
            if self.validator.stuck:
                raise StoreError(
                    f"{folder} holds a chain it cannot execute: {self.validator.stuck}"
                )
        state = self.validator.world.open(head.state_root, head)
        changes = list_changes(partial(state.get_storage, STAKING))
        self.turns.restore(head.number + 1, changes)

    def get_validators(self, height: int) -> ValidatorSet:
        """Who signs a height: any so far, the next one and the one after it."""
        source = height - DELAY
        if source < _FIRST_SIGNED:
            return self._founders
        return read_set(self.validator.world, self.history.get_block(source).header, self._founders)

    def get_certificate(self, number: int) -> Certificate:
        """Of a decided block."""
        return decode_certificate(self.history.get_seal(number))

    def find_last_commit(self, number: int) -> Certificate | None:
        """Certificate of a block, nothing for block 0, which nobody signs."""
        return self.get_certificate(number) if number else None

    def get_proposal(self, number: int) -> Proposal:
        """A decided block with the certificate of its parent."""
        return Proposal(0, self.history.get_block(number), self.find_last_commit(number - 1))

    def append(self, block: Execution, certificate: Certificate) -> None:
        """A decision that its validator has executed, kept from `save` on."""
        self.history.append(block, encode_certificate(certificate))
        self.validator.accept(block)
        if len(self.evidence):
            header = block.header
            load = partial(
                self.validator.world.open(header.state_root, header).get_storage, STAKING
            )
            self.evidence.settle(load, header.number + 1)

    def save(self, waiting: tuple[Transaction, ...]) -> None:
        """Keep chain and pool as they are now."""
        timeline = Timeline(self.config.block_time_s)
        self.directory.save(waiting, Settings(timeline, True, 0.0, (str(HONEST),)))

    def close(self) -> None:
        """Let another process have the folder."""
        self.log.close()
        self.evidence.close()
        self.validator.close()
        self.directory.close()
