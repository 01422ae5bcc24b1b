// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {Tensor} from "./IInference.sol";
import {IInferenceConsumer, OPTIMISTIC_INFERENCE} from "./IOptimisticInference.sol";

/// @title Reads handwritten digits under the optimistic rule: asks now, is told when it is final.
/// @notice The model takes uint8[1,64] and its first output is the digit as int64[1].
contract PatientReader is IInferenceConsumer {
    uint8 private constant DTYPE_UINT8 = 2; // ONNX
    uint32 private constant CALLBACK_GAS = 100_000;

    /// @notice Id of the model in use.
    bytes32 public immutable model;

    /// @notice Digit of the latest reading that is final.
    uint8 public lastDigit;

    /// @notice Who asked for a reading that is not final yet.
    mapping(uint256 => address) public readers;

    /// @notice A digit is final.
    event DigitRead(address indexed reader, uint256 indexed request, uint8 digit);

    error NotAsked(address sender, uint256 request);

    constructor(bytes32 model_) {
        model = model_;
    }

    /// @notice Asks for the digit in an image; the value is the executor's fee.
    /// @param pixels 64 bytes of value 0 to 16, row by row.
    function ask(bytes calldata pixels) external payable returns (uint256 id) {
        Tensor[] memory inputs = new Tensor[](1);
        inputs[0] = Tensor({dtype: DTYPE_UINT8, shape: new uint32[](2), data: pixels});
        (inputs[0].shape[0], inputs[0].shape[1]) = (1, 64);
        id = OPTIMISTIC_INFERENCE.request{value: msg.value}(model, inputs, CALLBACK_GAS);
        readers[id] = msg.sender;
    }

    /// @inheritdoc IInferenceConsumer
    function onInference(uint256 id, Tensor[] calldata outputs) external {
        address reader = readers[id];
        if (msg.sender != address(OPTIMISTIC_INFERENCE) || reader == address(0)) {
            revert NotAsked(msg.sender, id);
        }
        delete readers[id];
        lastDigit = uint8(outputs[0].data[0]); // little endian
        emit DigitRead(reader, id, lastDigit);
    }

    /// @notice Takes the fee back of a reading that nobody answered.
    receive() external payable {}
}
