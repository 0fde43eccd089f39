// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {InferenceRegistry} from "../src/InferenceRegistry.sol";
import {IInferenceRegistry} from "../src/interfaces/IInferenceRegistry.sol";
import {IProofVerifier} from "../src/interfaces/IProofVerifier.sol";
import {ScriptedVerifier} from "./support/ScriptedVerifier.sol";
import {Test} from "./support/Test.sol";

contract InferenceRegistryTest is Test {
    uint256 private constant FIELD = 0x30644e72e131a029b85045b68181585d2833e84879b9709143e1f593f0000001;
    bytes32 private constant COMMITMENT = bytes32(uint256(0xC0));

    InferenceRegistry private registry;
    ScriptedVerifier private verifier;
    bytes32 private modelId;

    function setUp() external {
        vm.warp(1_800_000_000);
        registry = new InferenceRegistry();
        verifier = new ScriptedVerifier();
        modelId = registry.registerModel(COMMITMENT, verifier, "score");
    }

    function _request(uint256 nonce, uint256 output)
        private
        view
        returns (IInferenceRegistry.InferenceRequest memory request)
    {
        request = IInferenceRegistry.InferenceRequest({
            modelId: modelId,
            requester: address(this),
            nonce: nonce,
            deadline: block.timestamp,
            inputHash: bytes32(uint256(7)),
            output: output
        });
    }

    function _prove(IInferenceRegistry.InferenceRequest memory request) private view returns (bytes memory) {
        bytes32[] memory inputs = new bytes32[](4);
        inputs[0] = registry.contextOf(request.modelId, request.requester, request.nonce, request.deadline);
        inputs[1] = COMMITMENT;
        inputs[2] = request.inputHash;
        inputs[3] = bytes32(request.output);
        return verifier.prove(inputs);
    }

    function _expect(bytes memory error_, IInferenceRegistry.InferenceRequest memory request, bytes memory proof)
        private
    {
        vm.expectRevert(error_);
        registry.recordInference(request, proof);
    }

    function test_ModelIsRegisteredOnceUnderAnIdThatNamesAllOfIt() external {
        vm.assertEq(
            modelId,
            keccak256(abi.encode(block.chainid, address(registry), address(this), COMMITMENT, address(verifier))),
            "the id"
        );
        vm.assertEq(registry.model(modelId).owner, address(this), "the owner");
        vm.expectRevert(abi.encodeWithSelector(IInferenceRegistry.InferenceRegistry_ModelExists.selector, modelId));
        registry.registerModel(COMMITMENT, verifier, "again");
        vm.expectRevert(
            abi.encodeWithSelector(IInferenceRegistry.InferenceRegistry_VerifierInvalid.selector, address(1))
        );
        registry.registerModel(COMMITMENT, IProofVerifier(address(1)), "no code");
        vm.expectRevert(abi.encodeWithSelector(IInferenceRegistry.InferenceRegistry_NotInField.selector, FIELD));
        registry.registerModel(bytes32(FIELD), verifier, "out of the field");
    }

    function testFuzz_RecordsAndConsumesOnce(uint256 nonce, uint256 output) external {
        output = bound(output, 0, FIELD - 1);
        IInferenceRegistry.InferenceRequest memory request = _request(nonce, output);
        bytes memory proof = _prove(request);
        bytes32 id = keccak256(abi.encode(modelId, address(this), nonce));
        vm.expectEmit();
        emit IInferenceRegistry.InferenceRecorded(id, modelId, address(this), nonce, request.inputHash, output);
        registry.recordInference(request, proof);
        _expect(abi.encodeWithSelector(IInferenceRegistry.InferenceRegistry_NonceUsed.selector, id), request, proof);

        registry.consume(id, modelId, output, 0);
        vm.assertEq(registry.inference(id).consumedAt, block.timestamp, "consumed");
        vm.expectRevert(abi.encodeWithSelector(IInferenceRegistry.InferenceRegistry_AlreadyConsumed.selector, id));
        registry.consume(id, modelId, output, 0);
    }

    function testFuzz_RevertWhen_AnythingOfTheRequestChanges(uint8 field, uint256 change) external {
        IInferenceRegistry.InferenceRequest memory request = _request(1, 50);
        bytes memory proof = _prove(request);
        change = bound(change, 1, FIELD - 100);
        if (field % 5 == 0) request.requester = address(uint160(request.requester) ^ uint160(bound(change, 1, 1000)));
        else if (field % 5 == 1) request.nonce += change;
        else if (field % 5 == 2) request.deadline += bound(change, 1, 1000);
        else if (field % 5 == 3) request.inputHash = bytes32((uint256(request.inputHash) + change) % FIELD);
        else request.output = (request.output + change) % FIELD;
        _expect(abi.encodeWithSelector(IInferenceRegistry.InferenceRegistry_ProofInvalid.selector), request, proof);
    }

    function test_RevertWhen_RequestIsMalformed() external {
        IInferenceRegistry.InferenceRequest memory request = _request(1, FIELD);
        _expect(abi.encodeWithSelector(IInferenceRegistry.InferenceRegistry_NotInField.selector, FIELD), request, "");
        request = _request(1, 1);
        request.inputHash = bytes32(type(uint256).max);
        _expect(
            abi.encodeWithSelector(IInferenceRegistry.InferenceRegistry_NotInField.selector, type(uint256).max),
            request,
            ""
        );
        request = _request(1, 1);
        request.deadline -= 1;
        _expect(
            abi.encodeWithSelector(IInferenceRegistry.InferenceRegistry_DeadlinePassed.selector, request.deadline),
            request,
            _prove(request)
        );
        request = _request(1, 1);
        request.requester = address(0);
        _expect(abi.encodeWithSelector(IInferenceRegistry.InferenceRegistry_RequesterInvalid.selector), request, "");
        request.modelId = bytes32(0);
        _expect(
            abi.encodeWithSelector(IInferenceRegistry.InferenceRegistry_ModelUnknown.selector, bytes32(0)), request, ""
        );
    }

    function test_RevertWhen_ConsumingWhatDoesNotFit() external {
        IInferenceRegistry.InferenceRequest memory request = _request(1, 50);
        bytes32 id = registry.recordInference(request, _prove(request));
        vm.expectRevert(abi.encodeWithSelector(IInferenceRegistry.InferenceRegistry_InferenceUnknown.selector, modelId));
        registry.consume(modelId, modelId, 0, 60);
        vm.expectRevert(
            abi.encodeWithSelector(IInferenceRegistry.InferenceRegistry_NotRequester.selector, id, address(0xBAD))
        );
        vm.prank(address(0xBAD));
        registry.consume(id, modelId, 0, 60);
        vm.expectRevert(abi.encodeWithSelector(IInferenceRegistry.InferenceRegistry_WrongModel.selector, id, modelId));
        registry.consume(id, bytes32(0), 0, 60);
        vm.expectRevert(abi.encodeWithSelector(IInferenceRegistry.InferenceRegistry_OutputTooLow.selector, id, 50, 51));
        registry.consume(id, modelId, 51, 60);
        vm.warp(block.timestamp + 61);
        vm.expectRevert(abi.encodeWithSelector(IInferenceRegistry.InferenceRegistry_TooOld.selector, id, 61, 60));
        registry.consume(id, modelId, 50, 60);
    }
}
