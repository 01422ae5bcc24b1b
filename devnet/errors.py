"""Errors a user of the devnet may see; each class carries its JSON-RPC and exit code.

DevnetError
  ConfigError
  ChainError
    UnknownBlock  UnknownTransaction  UnknownSnapshot  UnknownInference  UnknownFilter
    TraceTooLarge    more than one request may ask for
    NotMinedYet      in no block when its sender wanted to wait
    ConditionFailed  the chain is not as the sender of a transaction believes
    NotNow           BlockFull  FeeTooLow  NonceTooHigh  PoolFull
    BadTransaction   NonceTooLow  InsufficientFunds  IntrinsicGasTooLow  UnsupportedTransaction
    ExecutionReverted  ExecutionFailed  SimulationRefused
    BadBlock           BadSeal
  HostError          this host cannot answer
    StoreError       a data directory cannot be read or written
  BadBundle          a proof bundle does not read
  ConsensusError
    NoQuorum  BadSignature  BadCertificate  BadProof  BadProposal  BadEvidence
    BadMessage
  RemoteError        a node answered with an error
    NoAnswer         or not at all
  RequestError       JSON-RPC: ParseError  InvalidRequest  MethodNotFound  InvalidParams
    LimitExceeded
"""


class DevnetError(Exception):
    """Anything the devnet raises on purpose."""

    rpc_code = -32000
    exit_code = 1

    @property
    def rpc_data(self) -> str | None:
        """What goes into the `data` field of a JSON-RPC error."""
        return None


class ConfigError(DevnetError):
    """An option or file cannot be used as given."""

    exit_code = 2


class ChainError(DevnetError):
    """The chain cannot do what was asked."""


class UnknownBlock(ChainError):
    """No block by that number, hash or tag."""


class UnknownTransaction(ChainError):
    """No transaction by that hash."""

    rpc_code = -32001


class UnknownSnapshot(ChainError):
    """No snapshot by that id."""


class TraceTooLarge(ChainError):
    """A trace holds more than one request may ask for."""


class UnknownInference(ChainError):
    """The transaction has no inference with that index."""

    rpc_code = -32001


class UnknownFilter(ChainError):
    """No filter by that id, or not any more."""


class NotMinedYet(ChainError):
    """A transaction waits for a block, and its sender wanted to wait too (EIP-7966)."""

    rpc_code = 4

    def __init__(self, transaction_hash: bytes) -> None:
        super().__init__(
            "the transaction was added to the pool but is in no block yet; mine one, or turn "
            "automine on"
        )
        self.transaction_hash = transaction_hash

    @property
    def rpc_data(self) -> str | None:
        return "0x" + self.transaction_hash.hex()


class ConditionFailed(ChainError):
    """A transaction was sent under a condition that does not hold (ERC-7796)."""

    rpc_code = -32003


class BadTransaction(ChainError):
    """The transaction can never be part of this chain."""


class NonceTooLow(BadTransaction):
    """The account has already used this nonce."""


class InsufficientFunds(BadTransaction):
    """Balance below value plus the highest possible fee."""


class IntrinsicGasTooLow(BadTransaction):
    """Gas limit below what the transaction costs before it runs."""


class NotNow(ChainError):
    """The transaction is sound, but not for this block."""


class BlockFull(NotNow):
    """The transaction's gas limit does not fit into what is left of the block."""


class FeeTooLow(NotNow):
    """Max fee per gas below the block's base fee, or below what a replacement must pay."""


class PoolFull(NotNow):
    """The pool has no room for the transaction, in all or of its sender."""


class NonceTooHigh(NotNow):
    """An earlier nonce of the account is missing."""


class UnsupportedTransaction(BadTransaction):
    """A transaction type or form that this chain does not take."""


class ExecutionReverted(ChainError):
    """A call ended in REVERT; `output` is what the contract returned."""

    rpc_code = 3

    def __init__(self, message: str, output: bytes) -> None:
        super().__init__(message)
        self.output = output

    @property
    def rpc_data(self) -> str | None:
        return "0x" + self.output.hex()


class ExecutionFailed(ChainError):
    """A call ended in an exceptional halt and burnt its gas."""


class SimulationRefused(ChainError):
    """A simulated chain breaks a rule; `rpc_code` says which."""

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.rpc_code = code


class BadBlock(ChainError):
    """A block breaks a rule of its chain; says which, with both values."""


class BadSeal(BadBlock):
    """The proof of work of a header does not hold."""


class HostError(DevnetError):
    """This host cannot answer; others may."""


class StoreError(HostError):
    """A file of a data directory is damaged, in use or cannot be written; says what to do."""

    exit_code = 2


class BadBundle(DevnetError):
    """A proof bundle does not read; it proves nothing."""


class ConsensusError(DevnetError):
    """The validators cannot go on, or a consensus object is not sound."""


class NoQuorum(ConsensusError):
    """No block: not more than 2/3 of the voting power signed the same result."""


class BadSignature(ConsensusError):
    """A signature is malformed or by another key."""


class BadCertificate(ConsensusError):
    """A certificate does not prove what it claims."""


class BadProof(ConsensusError):
    """A proof of the state, or of a change of the validator set, does not hold."""


class BadProposal(ConsensusError):
    """A proposed block breaks a rule that needs no execution to see."""


class BadEvidence(ConsensusError):
    """Evidence does not prove that its validator misbehaved; says why."""


class BadMessage(ConsensusError):
    """Bytes of another process that are no message; whoever sent them is dropped."""


class RemoteError(DevnetError):
    """A node answered with an error; `data` is the error's, as JSON."""

    def __init__(self, message: str, code: int = -32000, data: object = None) -> None:
        super().__init__(message)
        self.rpc_code = code
        self.data = data


class NoAnswer(RemoteError):
    """Nobody is there, or nobody answers in time."""


class RequestError(DevnetError):
    """The JSON-RPC request itself is wrong."""

    rpc_code = -32600


class ParseError(RequestError):
    """Not JSON."""

    rpc_code = -32700


class InvalidRequest(RequestError):
    """JSON, but not a JSON-RPC request."""


class MethodNotFound(RequestError):
    """No such method."""

    rpc_code = -32601


class InvalidParams(RequestError):
    """The parameters do not fit the method."""

    rpc_code = -32602


class LimitExceeded(RequestError):
    """More than this node gives or keeps; the message says how much that is."""

    rpc_code = -32005
