"""The table of methods: complete, and never an internal error."""

import json
import re
from typing import Any

from eth_utils.crypto import keccak
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from devnet.config import Config
from devnet.node import Node
from devnet.rpc.dispatch import Dispatcher
from devnet.rpc.methods import build_methods

HASH, ADDRESS = "0x" + "ab" * 32, "0x" + "11" * 20


def test_the_modules_are_the_prefixes_of_the_methods(rpc: Any) -> None:
    """As geth's console asks for them."""
    prefixes = {name.partition("_")[0] for name in build_methods(rpc.node)}
    assert rpc("rpc_modules") == dict.fromkeys(sorted(prefixes), "1.0")


def test_the_node_says_what_it_is(rpc: Any) -> None:
    """Client, network, chain, hash function."""
    assert re.fullmatch(r"devnet/v\d+\.\d+\.\d+/\w+/python[\d.]+", rpc("web3_clientVersion"))
    assert (rpc("net_version"), rpc("eth_chainId")) == ("31337", "0x7a69")
    assert (rpc("net_listening"), rpc("net_peerCount"), rpc("eth_syncing")) == (True, "0x0", False)
    assert rpc("web3_sha3", "0x1234") == "0x" + keccak(hexstr="0x1234").hex()
    assert rpc("eth_accounts") == rpc("eth_requestAccounts")
    assert rpc("eth_accounts")[0] == "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266"


def test_an_unknown_method_is_answered_with_the_nearest(rpc: Any) -> None:
    """What we do not answer says so."""
    code, message = rpc.fail("eth_getBlockByNumbr", "latest")
    assert code == -32601
    assert message.endswith("did you mean eth_getBlockByNumber?")


def test_two_nodes_of_one_seed_answer_the_same() -> None:
    """Hashes included; another seed is another chain."""
    heads = []
    for seed in (0, 0, 1):
        handle = Dispatcher(build_methods(Node(Config(validators=1, seed=seed)))).handle
        for method in ("eth_sendTransaction", "eth_getBlockByNumber"):
            params = [{"to": ADDRESS}] if method == "eth_sendTransaction" else ["latest"]
            body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
            answer = json.loads(handle(json.dumps(body).encode()) or b"")
        heads.append(answer["result"]["hash"])
    assert heads[0] == heads[1] != heads[2]


_NODE = Node(Config(validators=1))
_TABLE = build_methods(_NODE)
_SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-2, 2**257)
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(
        ["0x", "0x0", "0x1", "0x5208", "latest", "pending", "earliest", "v0", "crash"]
    )
    | st.sampled_from(
        [HASH, ADDRESS, "0x" + "00" * 19 + "f7", "0x" + "00" * 19 + "f8", "0xff" * 40]
    )
    | st.integers(0, 2**256 - 1).map(hex)
    | st.binary(max_size=40).map(lambda data: "0x" + data.hex())
)
_KEYS = st.sampled_from(
    re.findall(
        r"\w+",
        "from to value data input gas gasPrice maxFeePerGas maxPriorityFeePerGas nonce type "
        "chainId accessList address storageKeys blockHash blockNumber fromBlock toBlock topics "
        "alias blocks dtype shape pixels",
    )
)
_PARAMETERS = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=5),
    max_leaves=12,
)


@given(st.sampled_from(sorted(_TABLE)), st.lists(_PARAMETERS, max_size=4))
@settings(max_examples=600, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_no_parameters_bring_a_method_down(method: str, params: list[object]) -> None:
    """Any JSON gets a result or an expected error; the chain goes on."""
    body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    answer = json.loads(Dispatcher(_TABLE).handle(json.dumps(body).encode()) or b"")
    unheard = () if method in ("eth_subscribe", "eth_unsubscribe") else (-32601,)  # over HTTP
    assert answer.get("error", {}).get("code") not in (-32603, *unheard), (body, answer)
