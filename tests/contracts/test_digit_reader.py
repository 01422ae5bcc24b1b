"""DigitReader on a real EVM, with a scripted answer at the address of the precompile."""

import pytest
from eth_abi.abi import encode
from eth_tester import EthereumTester, PyEVMBackend
from eth_tester.exceptions import TransactionFailed
from eth_utils.abi import function_signature_to_4byte_selector
from eth_utils.crypto import keccak
from web3 import EthereumTesterProvider, Web3
from web3.contract import Contract

from contracts import load

INFERENCE = (0xF7).to_bytes(20, "big")
MODEL = bytes(range(32))
PIXELS = bytes(i % 17 for i in range(64))
DTYPE_UINT8, DTYPE_INT64 = 2, 7  # ONNX
RETURN, REVERT = 0xF3, 0xFD
TENSORS = "(uint8,uint32[],bytes)[]"
CALL = function_signature_to_4byte_selector(f"infer(bytes32,{TENSORS})") + encode(
    ["bytes32", TENSORS], [MODEL, [(DTYPE_UINT8, [1, 64], PIXELS)]]
)


def encode_revert(signature: str, argument_type: str, argument: object) -> bytes:
    """Return data of a revert with an error of one argument."""
    return function_signature_to_4byte_selector(signature) + encode([argument_type], [argument])


def encode_outputs(data: bytes) -> bytes:
    """Return data of an inference whose one output is an int64[1] of these bytes."""
    return encode([TENSORS], [[(DTYPE_INT64, [1], data)]])


def assemble_precompile(answer: bytes, opcode: int) -> bytes:
    """EVM code that returns or reverts with `answer` to exactly CALL, and faults on any other."""
    size = f"61{len(answer):04x}"
    program = (
        "365f5f37"  # calldatacopy(0, 0, calldatasize)
        f"365f20 7f{keccak(CALL).hex()} 14"  # keccak256(0, calldatasize) == keccak256(CALL)
        "602d57 fe"  # jump to 0x2d if so, else invalid
        f"5b {size} 603a 5f 39"  # 0x2d: codecopy(0, 0x3a, size)
        f"{size} 5f {opcode:02x}"
    )
    return bytes.fromhex(program) + answer  # the answer begins at 0x3a


def deploy_reader(answer: bytes, opcode: int = RETURN) -> Contract:
    """A DigitReader on a fresh chain whose precompile gives this answer."""
    state = dict(PyEVMBackend.generate_genesis_state(num_accounts=1))
    code = assemble_precompile(answer, opcode)
    state[INFERENCE] = {"balance": 0, "nonce": 1, "storage": {}, "code": code}
    w3 = Web3(EthereumTesterProvider(EthereumTester(PyEVMBackend(genesis_state=state))))
    w3.eth.default_account = w3.eth.accounts[0]
    artifact = load("DigitReader")
    factory = w3.eth.contract(abi=artifact.abi, bytecode=artifact.bytecode)
    receipt = w3.eth.wait_for_transaction_receipt(factory.constructor(MODEL).transact())
    address = receipt["contractAddress"]
    assert address is not None
    return w3.eth.contract(address=address, abi=artifact.abi)


def read_refusal(reader: Contract, pixels: bytes) -> str:
    """Why a reading reverts: the text of Error(string), the repr of any other return data.

    Asked of eth-tester, since web3 decodes every error as a string.
    """
    assert isinstance(reader.w3.provider, EthereumTesterProvider)
    tester = reader.w3.provider.ethereum_tester
    assert tester is not None
    data = reader.encode_abi("read", [pixels])
    with pytest.raises(TransactionFailed) as refusal:
        tester.call({"from": tester.get_accounts()[0], "to": reader.address, "data": data})
    return str(refusal.value)


@pytest.mark.parametrize("digit", range(10))
def test_peek_returns_the_digit_and_stores_nothing(digit: int) -> None:
    """The call reaches the precompile as one uint8[1,64] tensor, and state stays as it was."""
    reader = deploy_reader(encode_outputs(digit.to_bytes(8, "little")))
    assert reader.functions.peek(PIXELS).call() == digit
    assert reader.functions.model().call() == MODEL
    assert reader.functions.readings().call() == 0


def test_read_stores_counts_and_logs_each_reading() -> None:
    """Two readings leave the digit, the count of two and a log each, numbered from one."""
    reader = deploy_reader(encode_outputs((7).to_bytes(8, "little")))
    for reading in (1, 2):
        receipt = reader.w3.eth.wait_for_transaction_receipt(
            reader.functions.read(PIXELS).transact()
        )
        (log,) = reader.events.DigitRead().process_receipt(receipt)
        assert log["args"] == {"reader": receipt["from"], "reading": reading, "digit": 7}
        assert reader.functions.readings().call() == reading
    assert reader.functions.lastDigit().call() == 7


@pytest.mark.parametrize("count", [0, 63, 65])
def test_image_of_wrong_size_is_refused_before_the_model_runs(count: int) -> None:
    """Only 64 pixels are an image; the error carries the count."""
    reader = deploy_reader(b"")
    expected = encode_revert("WrongPixelCount(uint256)", "uint256", count)
    assert read_refusal(reader, bytes(count)) == repr(expected)


@pytest.mark.parametrize(
    "output",
    [
        (10).to_bytes(8, "little"),
        (256 + 3).to_bytes(8, "little"),
        (3).to_bytes(8, "big"),
        (-1).to_bytes(8, "little", signed=True),
        bytes(7),
        bytes(9),
        b"",
    ],
    ids=["ten", "high-byte", "big-endian", "negative", "short", "long", "empty"],
)
def test_output_that_is_no_digit_is_refused(output: bytes) -> None:
    """Anything but a little endian int64 from 0 to 9 reverts and is shown in the error."""
    reader = deploy_reader(encode_outputs(output))
    expected = encode_revert("NotADigit(bytes)", "bytes", output)
    assert read_refusal(reader, PIXELS) == repr(expected)


def test_reason_of_a_failed_inference_reaches_the_caller() -> None:
    """The precompile's Error(string) passes through the contract unchanged."""
    reason = "UnknownModel: not registered"
    reader = deploy_reader(encode_revert("Error(string)", "string", reason), REVERT)
    assert read_refusal(reader, PIXELS) == reason
