// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {IModelRegistry} from "../src/interfaces/IModelRegistry.sol";
import {IProofVerifier} from "../src/interfaces/IProofVerifier.sol";
import {Inferences} from "./support/Inferences.sol";
import {RegistryTest} from "./support/RegistryTest.sol";

contract ModelRegistryTest is RegistryTest {
    function _register(IModelRegistry.ModelTerms memory terms, bytes memory error_) private {
        vm.expectRevert(error_);
        registry.registerModel(terms, Inferences.weights(Inferences.COMMITMENT));
    }

    function test_ModelIsRegisteredOnceUnderAnIdThatNamesAllOfIt() external {
        bytes32 id = keccak256(
            abi.encode(
                block.chainid, address(registry), address(this), address(verifier), Inferences.ARCHITECTURE, "score"
            )
        );
        vm.assertEq(modelId, id, "the id");
        IModelRegistry.Model memory model = registry.model(id);
        vm.assertEq(model.owner, address(this), "the owner");
        vm.assertEq(address(model.verifier), address(verifier), "the verifier");
        vm.assertEq(model.architectureHash, Inferences.ARCHITECTURE, "the architecture");
        vm.assertEq(model.outputCount, 1, "the number of outputs");
        vm.assertTrue(!model.isSigned && registry.model(signedId).isSigned, "the sign");
        vm.assertEq(model.versionCount, 1, "a first version");
        _register(Inferences.terms(verifier, 1, false), _error(IModelRegistry.ModelRegistry_ModelExists.selector, id));
    }

    function test_RevertWhen_TermsAreNone() external {
        IModelRegistry.ModelTerms memory terms = Inferences.terms(IProofVerifier(address(1)), 1, false);
        _register(terms, abi.encodeWithSelector(IModelRegistry.ModelRegistry_VerifierInvalid.selector, address(1)));
        bytes memory invalid = abi.encodeWithSelector(IModelRegistry.ModelRegistry_TermsInvalid.selector);
        _register(Inferences.terms(verifier, 0, false), invalid);
        _register(Inferences.terms(verifier, 1025, false), invalid);
        terms = Inferences.terms(verifier, 1, true);
        terms.name = "";
        _register(terms, invalid);
        terms.name = string(new bytes(65));
        _register(terms, invalid);
    }

    function test_VersionsAreAddedRetiredAndAllStayReadable() external {
        vm.warp(block.timestamp + 1 days);
        registry.addVersion(modelId, Inferences.weights(bytes32(uint256(0xC1))));
        registry.retireVersion(modelId, 1);
        vm.assertEq(registry.model(modelId).versionCount, 2, "two versions");
        IModelRegistry.Version memory first = registry.version(modelId, 1);
        IModelRegistry.Version memory second = registry.version(modelId, 2);
        vm.assertEq(first.commitment, Inferences.COMMITMENT, "the first stays readable");
        vm.assertEq(first.addedAt, block.timestamp - 1 days, "when it was added");
        vm.assertEq(first.retiredAt, block.timestamp, "when it was retired");
        vm.assertEq(second.commitment, bytes32(uint256(0xC1)), "the second");
        vm.assertEq(second.accuracyFloat, 9912, "what floats reached");
        vm.assertEq(second.accuracyInteger, 9907, "what integers reach");
        vm.assertEq(second.retiredAt, 0, "in use");
        vm.assertEq(registry.version(modelId, 3).addedAt, 0, "there is no third");

        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.ModelRegistry_VersionRetired.selector, modelId, 1));
        registry.retireVersion(modelId, 1);
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.ModelRegistry_VersionUnknown.selector, modelId, 3));
        registry.retireVersion(modelId, 3);
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.ModelRegistry_VersionUnknown.selector, modelId, 0));
        registry.retireVersion(modelId, 0);
    }

    function test_RevertWhen_WeightsAreNone() external {
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.ModelRegistry_NotInField.selector, FIELD));
        registry.addVersion(modelId, Inferences.weights(bytes32(FIELD)));
        IModelRegistry.Weights memory weights = Inferences.weights(Inferences.COMMITMENT);
        weights.accuracyInteger = 10_001;
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.ModelRegistry_AccuracyInvalid.selector));
        registry.addVersion(modelId, weights);
    }

    function test_AModelChangesHandsInTwoSteps() external {
        registry.transferModel(modelId, PERSON);
        registry.addVersion(modelId, Inferences.weights(bytes32(uint256(0xC1))));
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.ModelRegistry_NotModelOwner.selector, modelId, STRANGER));
        vm.prank(STRANGER);
        registry.acceptModel(modelId);
        vm.prank(PERSON);
        registry.acceptModel(modelId);
        vm.assertEq(registry.model(modelId).owner, PERSON, "the new owner");
        vm.prank(PERSON);
        registry.addVersion(modelId, Inferences.weights(bytes32(uint256(0xC2))));
        vm.assertEq(registry.model(modelId).versionCount, 3, "one history");
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.ModelRegistry_NotModelOwner.selector, modelId, PERSON));
        vm.prank(PERSON);
        registry.acceptModel(modelId);
    }

    function test_RevertWhen_OthersTouchAModel() external {
        bytes memory refused =
            abi.encodeWithSelector(IModelRegistry.ModelRegistry_NotModelOwner.selector, modelId, STRANGER);
        vm.startPrank(STRANGER);
        vm.expectRevert(refused);
        registry.addVersion(modelId, Inferences.weights(Inferences.COMMITMENT));
        vm.expectRevert(refused);
        registry.retireVersion(modelId, 1);
        vm.expectRevert(refused);
        registry.transferModel(modelId, STRANGER);
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.ModelRegistry_NotGuardian.selector, STRANGER));
        registry.takeDown(modelId, "mine");
        bytes memory notOwner = abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, STRANGER);
        vm.expectRevert(notOwner);
        registry.lift(modelId, "mine");
        vm.expectRevert(notOwner);
        registry.listVerifier(verifier, IModelRegistry.VerifierKind.Plain, "audited by me");
        vm.expectRevert(notOwner);
        registry.withdrawVerifier(verifier, "mine");
        vm.expectRevert(notOwner);
        registry.setGuardian(STRANGER);
        vm.stopPrank();
    }

    function test_TheGuardianTakesDownAndTheOwnerLifts() external {
        vm.expectEmit();
        emit IModelRegistry.ModelTakenDown(modelId, GUARDIAN, "stolen weights");
        vm.prank(GUARDIAN);
        registry.takeDown(modelId, "stolen weights");
        vm.assertTrue(registry.model(modelId).isTakenDown, "down");
        vm.startPrank(ADMIN);
        vm.expectRevert(_error(IModelRegistry.ModelRegistry_ModelTakenDown.selector, modelId));
        registry.takeDown(modelId, "again");
        registry.lift(modelId, "settled");
        vm.expectRevert(_error(IModelRegistry.ModelRegistry_ModelNotTakenDown.selector, modelId));
        registry.lift(modelId, "again");
        vm.expectRevert(_error(IModelRegistry.ModelRegistry_ModelUnknown.selector, bytes32(0)));
        registry.takeDown(bytes32(0), "nothing");
        vm.stopPrank();
    }

    function test_VerifiersAreListedWithTheirAuditAndWithdrawnForEver() external {
        vm.assertTrue(
            registry.verifierListing(verifier).kind == IModelRegistry.VerifierKind.Unlisted, "anybody's, and it shows"
        );
        vm.startPrank(ADMIN);
        vm.expectRevert(
            abi.encodeWithSelector(IModelRegistry.ModelRegistry_VerifierUnlisted.selector, address(verifier))
        );
        registry.withdrawVerifier(verifier, "not listed");
        registry.listVerifier(verifier, IModelRegistry.VerifierKind.Optimized, "in no audit");
        registry.listVerifier(verifier, IModelRegistry.VerifierKind.Optimized, "audited since");
        IModelRegistry.VerifierListing memory listing = registry.verifierListing(verifier);
        vm.assertTrue(listing.kind == IModelRegistry.VerifierKind.Optimized, "its kind");
        vm.assertEq(bytes(listing.auditNote), "audited since", "what is said last counts");

        registry.withdrawVerifier(verifier, "accepts anything");
        vm.assertEq(registry.verifierListing(verifier).withdrawnAt, block.timestamp, "withdrawn");
        bytes memory withdrawn =
            abi.encodeWithSelector(IModelRegistry.ModelRegistry_VerifierWithdrawn.selector, address(verifier));
        vm.expectRevert(withdrawn);
        registry.listVerifier(verifier, IModelRegistry.VerifierKind.Optimized, "sorry");
        vm.expectRevert(withdrawn);
        registry.withdrawVerifier(verifier, "again");
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.ModelRegistry_VerifierInvalid.selector, address(1)));
        registry.listVerifier(IProofVerifier(address(1)), IModelRegistry.VerifierKind.Plain, "no code");
        vm.stopPrank();
    }

    function test_RegistryKeepsItsOwner() external {
        vm.startPrank(ADMIN);
        registry.setGuardian(PERSON);
        vm.assertEq(registry.guardian(), PERSON, "the new guardian");
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.ModelRegistry_RoleInvalid.selector));
        registry.setGuardian(address(0));
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.ModelRegistry_OwnerRequired.selector));
        registry.renounceOwnership();
        vm.stopPrank();
    }
}
