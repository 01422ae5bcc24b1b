// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {INFERENCE, Tensor} from "./IInference.sol";
import {OPERATORS} from "./IOperators.sol";
import {
    Dispute,
    IInferenceConsumer,
    IOptimisticInference,
    Known,
    OptimisticTerms,
    Request,
    Status,
    Verdict
} from "./IOptimisticInference.sol";
import {Committee} from "./Committee.sol";
import {Purse} from "./Purse.sol";
import {TraceTree} from "./TraceTree.sol";

/// @title Inference that one validator runs and others may dispute, down to one operator.
contract OptimisticInference is IOptimisticInference, Committee, Purse {
    using TraceTree for bytes32;

    uint256 private constant MAX_CALLBACK_GAS = 5_000_000;

    uint256 public requests;
    mapping(uint256 => Request) private _requests;
    mapping(uint256 => Dispute) private _disputes;
    mapping(bytes32 => uint32) private _operators; // of a model, once counted

    function request(bytes32 model, Tensor[] calldata inputs, uint32 callbackGas)
        external
        payable
        returns (uint256 id)
    {
        if (callbackGas > MAX_CALLBACK_GAS) revert TooMuchGas(callbackGas, MAX_CALLBACK_GAS);
        INFERENCE.quote(model, inputs); // reverts if they do not fit
        uint32 operators = _operators[model];
        if (operators == 0) operators = _operators[model] = uint32(OPERATORS.count(model));
        id = ++requests;
        Request storage asked = _requests[id];
        asked.requester = msg.sender;
        asked.model = model;
        asked.inputDigest = keccak256(abi.encode(inputs));
        asked.fee = uint128(msg.value);
        asked.operators = operators;
        asked.callbackGas = callbackGas;
        _open(asked);
        emit Requested(id, msg.sender, model, msg.value, inputs);
    }

    function post(
        uint256 id,
        Tensor[] calldata outputs,
        bytes32 root,
        bytes32 lastResults,
        bytes32[] calldata siblings
    ) external payable {
        Request storage asked = _require(id, Status.Open);
        uint256 last = asked.openedAt + _terms.windowBlocks;
        if (block.number > last) revert TooLate(last);
        asked.executor = _pickExecutor(id, asked);
        if (msg.sender != asked.executor) revert NotTheExecutor(msg.sender, asked.executor);
        if (msg.value != _terms.bondWei) revert WrongBond(msg.value, _terms.bondWei);
        OPERATORS.check(asked.model, outputs);
        asked.postedAt = uint64(block.number);
        asked.outputDigest = keccak256(abi.encode(outputs));
        asked.root = root;
        bytes32 leaf = TraceTree.lastLeaf(lastResults, asked.outputDigest);
        bytes32 found = leaf.prove(asked.operators - 1, asked.operators, siblings);
        if (found != root) revert WrongProof(found, root);
        _await(asked);
        emit Posted(id, msg.sender, root, asked.deadline, outputs);
    }

    function challenge(uint256 id, bytes32 root) external payable {
        Request storage asked = _require(id, Status.Posted);
        if (block.number > asked.deadline) revert TooLate(asked.deadline);
        if (msg.value != _terms.bondWei) revert WrongBond(msg.value, _terms.bondWei);
        if (msg.sender == asked.executor) revert OwnPost(msg.sender);
        if (root == asked.root) revert SameRoot(root);
        asked.status = Status.Disputed;
        Dispute storage dispute = _disputes[id];
        dispute.challenger = msg.sender;
        dispute.level = uint32(TraceTree.depth(asked.operators));
        dispute.index = 0;
        dispute.executorMoves = true;
        dispute.challengerRoot = root;
        dispute.executorNode = asked.root;
        dispute.challengerNode = root;
        _setDeadline(dispute);
        emit Challenged(id, msg.sender, root);
    }

    function bisect(uint256 id, bytes32 left, bytes32 right) external {
        Request storage asked = _require(id, Status.Disputed);
        Dispute storage dispute = _disputes[id];
        bool executorMoves = dispute.executorMoves;
        address party = executorMoves ? asked.executor : dispute.challenger;
        if (msg.sender != party || dispute.level == 0) revert NotYourMove(msg.sender);
        if (block.number > dispute.deadline) revert TooLate(dispute.deadline);
        bytes32 own = executorMoves ? dispute.executorNode : dispute.challengerNode;
        if (left.node(right) != own) revert WrongProof(left.node(right), own);
        emit Bisected(id, party, dispute.level, dispute.index, left, right);
        if (executorMoves) {
            (dispute.left, dispute.right) = (left, right);
        } else {
            bool goesLeft = left != dispute.left; // else all before the right half is agreed
            dispute.executorNode = goesLeft ? dispute.left : dispute.right;
            dispute.challengerNode = goesLeft ? left : right;
            dispute.index = 2 * dispute.index + (goesLeft ? 0 : 1);
            dispute.level -= 1;
        }
        dispute.executorMoves = !executorMoves;
        _setDeadline(dispute);
    }

    function judge(uint256 id, Known[] calldata known) external {
        Request storage asked = _require(id, Status.Disputed);
        Dispute storage dispute = _disputes[id];
        if (dispute.level != 0) revert NotYourMove(msg.sender);
        if (block.number > dispute.deadline) revert TooLate(dispute.deadline);
        bytes32 leaf = TraceTree.PADDING;
        if (dispute.index < asked.operators) {
            leaf = _execute(asked, dispute, known);
        }
        Verdict verdict = Verdict.Neither;
        if (leaf == dispute.executorNode) verdict = Verdict.Executor;
        else if (leaf == dispute.challengerNode) verdict = Verdict.Challenger;
        emit Judged(
            id, dispute.index, leaf, dispute.executorNode, dispute.challengerNode, verdict
        );
        _settle(id, asked, dispute.challenger, verdict);
    }

    function timeout(uint256 id) external {
        Request storage asked = _require(id, Status.Disputed);
        Dispute storage dispute = _disputes[id];
        if (block.number <= dispute.deadline) revert TooEarly(dispute.deadline);
        Verdict verdict = Verdict.Neither; // an honest party brings the leaf
        if (dispute.level != 0) {
            verdict = dispute.executorMoves ? Verdict.Challenger : Verdict.Executor;
        }
        emit TimedOut(id, verdict);
        _settle(id, asked, dispute.challenger, verdict);
    }

    function finalize(uint256 id, Tensor[] calldata inputs, Tensor[] calldata outputs) external {
        Request storage asked = _require(id, Status.Posted);
        if (block.number <= asked.deadline) revert TooEarly(asked.deadline);
        _requireDigest(inputs, asked.inputDigest);
        _requireDigest(outputs, asked.outputDigest);
        asked.status = Status.Final;
        emit Finalized(id, asked.executor, asked.outputDigest);
        OPERATORS.settle(asked.model, asked.requester, inputs, outputs);
        _pay(asked.executor, _terms.bondWei + asked.fee);
        if (asked.callbackGas > 0) _callBack(id, asked, outputs);
    }

    function expire(uint256 id) external {
        Request storage asked = _require(id, Status.Open);
        uint256 last = asked.openedAt + _terms.windowBlocks;
        if (block.number <= last) revert TooEarly(last);
        asked.status = Status.Expired;
        emit Expired(id);
        _pay(asked.requester, asked.fee);
    }

    function result(uint256 id) external view returns (Status, bytes32) {
        return (_requests[id].status, _requests[id].outputDigest);
    }

    function executorOf(uint256 id) external view returns (address) {
        return _pickExecutor(id, _requests[id]);
    }

    function committeeOf(uint256 id) external view returns (address[] memory) {
        return _drawCommittee(id, _requests[id]);
    }

    function requestOf(uint256 id) external view returns (Request memory) {
        return _requests[id];
    }

    function disputeOf(uint256 id) external view returns (Dispute memory) {
        return _disputes[id];
    }

    function terms() external view returns (OptimisticTerms memory) {
        return _terms;
    }

    function _callBack(uint256 id, Request storage asked, Tensor[] calldata outputs) private {
        uint256 gas = asked.callbackGas;
        bytes memory data = abi.encodeCall(IInferenceConsumer.onInference, (id, outputs));
        uint256 needed = gas * 64 / 63 + 20_000; // EIP-150 keeps a part, the event needs another
        if (gasleft() < needed) revert NotEnoughGas(gasleft(), needed);
        (bool succeeded,) = asked.requester.call{gas: gas}(data);
        emit CalledBack(id, succeeded);
    }

    /// @dev The leaf of the operator in dispute, from operands that both parties' trees contain.
    function _execute(Request storage asked, Dispute storage dispute, Known[] calldata known)
        private
        view
        returns (bytes32)
    {
        uint256 count = 0;
        for (uint256 i = 0; i < known.length; i++) count += known[i].tensors.length;
        uint256[] memory sources = new uint256[](known.length);
        Tensor[] memory operands = new Tensor[](count);
        count = 0;
        for (uint256 i = 0; i < known.length; i++) {
            _requireKnown(asked, dispute, known[i]);
            sources[i] = known[i].source;
            for (uint256 j = 0; j < known[i].tensors.length; j++) {
                operands[count++] = known[i].tensors[j];
            }
        }
        return OPERATORS.execute(asked.model, dispute.index, sources, operands);
    }

    function _requireKnown(Request storage asked, Dispute storage dispute, Known calldata known)
        private
        view
    {
        if (known.source == 0) {
            _requireDigest(known.tensors, asked.inputDigest);
            return;
        }
        if (known.source > dispute.index) revert NotAgreed(known.source);
        uint256 operator = known.source - 1;
        bytes32 leaf = TraceTree.leaf(keccak256(abi.encode(known.tensors)));
        bytes32 found = leaf.prove(operator, asked.operators, known.siblings);
        if (found != asked.root && found != dispute.challengerRoot) {
            revert WrongProof(found, asked.root);
        }
    }

    function _requireDigest(Tensor[] calldata tensors, bytes32 expected) private pure {
        bytes32 found = keccak256(abi.encode(tensors));
        if (found != expected) revert WrongTensors(found, expected);
    }

    /// @dev Slashes who is wrong. What stands may be challenged again, what fell is open again.
    function _settle(uint256 id, Request storage asked, address challenger, Verdict verdict)
        private
    {
        uint256 bond = _terms.bondWei;
        address executor = asked.executor;
        delete _disputes[id];
        if (verdict != Verdict.Executor) emit Slashed(id, executor, bond);
        if (verdict != Verdict.Challenger) emit Slashed(id, challenger, bond);
        if (verdict == Verdict.Neither) _burn(2 * bond);
        else _burn(bond - bond / 2);
        if (verdict == Verdict.Executor) {
            _await(asked);
            emit Rewarded(id, executor, bond / 2);
            _pay(executor, bond / 2);
            return;
        }
        asked.attempt += 1;
        _open(asked);
        if (verdict == Verdict.Challenger) {
            emit Rewarded(id, challenger, bond / 2);
            _pay(challenger, bond + bond / 2);
        }
    }

    function _open(Request storage asked) private {
        asked.status = Status.Open;
        asked.openedAt = uint64(block.number);
        asked.executor = address(0);
        asked.root = 0;
        asked.outputDigest = 0;
    }

    function _await(Request storage asked) private {
        asked.status = Status.Posted;
        asked.deadline = uint64(block.number + _terms.windowBlocks);
    }

    function _setDeadline(Dispute storage dispute) private {
        dispute.deadline = uint64(block.number + _terms.moveBlocks);
    }

    function _require(uint256 id, Status status) private view returns (Request storage asked) {
        asked = _requests[id];
        if (asked.status != status) revert WrongStatus(id, asked.status);
    }
}
