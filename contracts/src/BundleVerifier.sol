// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {Certificates} from "./Certificates.sol";
import {Header, Headers} from "./Headers.sol";
import {Bundle, Certificate, IBundleVerifier, SetChange, Verified} from "./IBundleVerifier.sol";
import {Inferences} from "./Inferences.sol";
import {Epoch, STAKING} from "./IStaking.sol";
import {StateProofs} from "./StateProofs.sol";

/// @title Checks proof bundles of one chain, and follows the changes of its validator set.
contract BundleVerifier is IBundleVerifier {
    using Certificates for Certificate;

    uint256 private constant DELAY = 2; // blocks between a change and its effect
    bytes32 private constant SET_HASH = 0; // slot of the staking contract

    uint256 public immutable chainId;
    Epoch[] private _epochs; // by first height

    /// @param chain Its id.
    /// @param setHash Of the set that signs block `firstHeight` and those after it.
    constructor(uint256 chain, bytes32 setHash, uint256 firstHeight) {
        chainId = chain;
        _trust(setHash, firstHeight);
    }

    function verify(Bundle calldata bundle) external view returns (Verified memory) {
        if (bundle.chainId != chainId) revert WrongChain(bundle.chainId, chainId);
        Header memory header = Headers.read(bundle.header);
        return _check(bundle, header, trustedSet(header.number));
    }

    function check(Bundle calldata bundle, bytes32 trusted)
        external
        pure
        returns (Verified memory)
    {
        return _check(bundle, Headers.read(bundle.header), trusted);
    }

    function advance(SetChange calldata change) external {
        Header memory header = Headers.read(change.header);
        bytes32 setHash = Certificates.computeSetHash(change.validators);
        bytes32 trusted = trustedSet(header.number);
        if (setHash != trusted) revert WrongSet(setHash, trusted);
        _requireCertified(change.header, change.certificate.blockHash);
        change.certificate.count(change.validators, chainId, header.number, setHash);
        bytes32 proven = StateProofs.readStorage(
            header.stateRoot, address(STAKING), SET_HASH, change.accountProof, change.storageProof
        );
        Epoch storage latest = _epochs[_epochs.length - 1];
        uint256 firstHeight = header.number + DELAY;
        if (proven == latest.setHash || firstHeight <= latest.firstHeight) {
            revert NothingNew(proven, firstHeight);
        }
        _trust(proven, firstHeight);
    }

    function trustedSet(uint256 height) public view returns (bytes32) {
        uint256 index = _epochs.length;
        while (index > 0 && _epochs[index - 1].firstHeight > height) index--;
        if (index == 0) revert NotTrustedYet(height, _epochs[0].firstHeight);
        return _epochs[index - 1].setHash;
    }

    function epochs() external view returns (uint256) {
        return _epochs.length;
    }

    function epoch(uint256 index) external view returns (Epoch memory) {
        return _epochs[index];
    }

    function _trust(bytes32 setHash, uint256 firstHeight) private {
        _epochs.push(Epoch(setHash, firstHeight));
        emit SetTrusted(setHash, firstHeight);
    }

    function _check(Bundle calldata bundle, Header memory header, bytes32 trusted)
        private
        pure
        returns (Verified memory found)
    {
        found.setHash = Certificates.computeSetHash(bundle.validators);
        if (found.setHash != trusted) revert WrongSet(found.setHash, trusted);
        found.blockHash = _requireCertified(bundle.header, bundle.certificate.blockHash);
        (found.signedPower, found.totalPower) = bundle.certificate.count(
            bundle.validators, bundle.chainId, header.number, found.setHash
        );
        if (bundle.receipt.blockNumber != header.number) {
            revert WrongBlock(bundle.receipt.blockNumber, header.number);
        }
        found.inferenceRoot = Inferences.computeRoot(bundle.receipt, bundle.path);
        if (found.inferenceRoot != header.inferenceRoot) {
            revert WrongRoot(found.inferenceRoot, header.inferenceRoot);
        }
    }

    function _requireCertified(bytes calldata header, bytes32 certified)
        private
        pure
        returns (bytes32 blockHash)
    {
        blockHash = keccak256(header);
        if (blockHash != certified) revert WrongHeader(blockHash, certified);
    }
}
