"""web3 provider on a node in this process: no socket, same methods as over HTTP.

What web3 has a word for comes as its own exceptions (a revert, a missing transaction); what only a
network of validators can say (no quorum, no host can answer) is raised as ours.
"""

import json
from typing import Any, cast

from web3._utils.encoding import FriendlyJsonSerde, Web3JsonEncoder
from web3.providers import JSONBaseProvider
from web3.types import RPCEndpoint, RPCResponse

from devnet.errors import ConsensusError, HostError
from devnet.node import Node
from devnet.rpc.dispatch import Dispatcher, describe_error
from devnet.rpc.methods import build_methods


class NodeProvider(JSONBaseProvider):
    """Answers web3 from a node's method table."""

    def __init__(self, node: Node) -> None:
        super().__init__()
        self._dispatcher = Dispatcher(build_methods(node))

    def make_request(self, method: RPCEndpoint, params: Any) -> RPCResponse:
        """The answer as web3 wants it.

        Raises: ConsensusError, HostError.
        """
        answer: dict[str, Any] = {"jsonrpc": "2.0", "id": 0}
        try:
            answer["result"] = self._dispatcher.call(method, _to_json(params))
        except (ConsensusError, HostError):
            raise
        except Exception as error:
            answer["error"] = describe_error(error)
        return cast(RPCResponse, answer)

    def make_batch_request(self, requests: list[tuple[RPCEndpoint, Any]]) -> list[RPCResponse]:
        """The answers in the order asked."""
        return [self.make_request(method, params) for method, params in requests]


def _to_json(params: Any) -> list[Any]:
    """Parameters as they would arrive: web3's own types become text and numbers."""
    encoded = FriendlyJsonSerde().json_encode({"params": list(params or ())}, Web3JsonEncoder)
    decoded: list[Any] = json.loads(encoded)["params"]
    return decoded
