// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {INFERENCE, Tensor} from "./IInference.sol";

/// @title Reads handwritten digits with a registered model.
/// @notice The model takes uint8[1,64] and its first output is the digit as int64[1].
contract DigitReader {
    uint256 private constant PIXELS = 64; // 8 rows of 8
    uint8 private constant DTYPE_UINT8 = 2; // ONNX

    /// @notice Id of the model in use.
    bytes32 public immutable model;

    /// @notice Digit of the latest reading.
    uint8 public lastDigit;

    /// @notice Number of readings so far.
    uint256 public readings;

    /// @notice A digit was read; `reading` counts from 1.
    event DigitRead(address indexed reader, uint256 indexed reading, uint8 digit);

    /// @notice The image does not have 64 pixels.
    error WrongPixelCount(uint256 count);

    /// @notice The model's first output is not an int64 from 0 to 9.
    error NotADigit(bytes output);

    constructor(bytes32 model_) {
        model = model_;
    }

    /// @notice Reads an image and stores the digit.
    /// @param pixels 64 bytes of value 0 to 16, row by row.
    function read(bytes calldata pixels) external returns (uint8 digit) {
        digit = _infer(pixels);
        lastDigit = digit;
        readings += 1;
        emit DigitRead(msg.sender, readings, digit);
    }

    /// @notice Reads an image and stores nothing.
    /// @param pixels 64 bytes of value 0 to 16, row by row.
    function peek(bytes calldata pixels) external view returns (uint8) {
        return _infer(pixels);
    }

    function _infer(bytes calldata pixels) private view returns (uint8 digit) {
        if (pixels.length != PIXELS) revert WrongPixelCount(pixels.length);
        uint32[] memory shape = new uint32[](2);
        shape[0] = 1;
        shape[1] = uint32(PIXELS);
        Tensor[] memory inputs = new Tensor[](1);
        inputs[0] = Tensor({dtype: DTYPE_UINT8, shape: shape, data: pixels});

        bytes memory output = INFERENCE.infer(model, inputs)[0].data;
        if (output.length != 8) revert NotADigit(output);
        digit = uint8(output[0]);
        // Little endian: the low byte comes first and the other seven must be zero.
        if (digit >= 10 || bytes8(output) != bytes8(output[0])) revert NotADigit(output);
    }
}
