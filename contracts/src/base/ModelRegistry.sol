// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Ownable, Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";
import {IModelRegistry} from "../interfaces/IModelRegistry.sol";
import {IProofVerifier} from "../interfaces/IProofVerifier.sol";

/// @title ModelRegistry
/// @notice See {IModelRegistry}.
abstract contract ModelRegistry is IModelRegistry, Ownable2Step {
    /// @dev The order of the BN254 curve. Verifiers reduce larger inputs, so v and v + p would be one proof: refused.
    uint256 internal constant FIELD =
        21_888_242_871_839_275_222_246_405_745_257_275_088_548_364_400_416_034_343_698_204_186_575_808_495_617;
    uint256 private constant OUTPUTS_MAX = 1024;
    uint256 private constant NAME_BYTES_MAX = 64;
    uint256 private constant ACCURACY_MAX = 10_000;

    /// @inheritdoc IModelRegistry
    address public guardian;
    mapping(bytes32 modelId => Model) private _models;
    mapping(bytes32 modelId => mapping(uint16 number => Version)) private _versions;
    mapping(IProofVerifier verifier => VerifierListing) private _listings;

    modifier onlyModelOwner(bytes32 modelId) {
        if (_models[modelId].owner != msg.sender) revert ModelRegistry_NotModelOwner(modelId, msg.sender);
        _;
    }

    constructor(address owner_, address guardian_) Ownable(owner_) {
        _setGuardian(guardian_);
    }

    /// @inheritdoc IModelRegistry
    function registerModel(ModelTerms calldata terms, Weights calldata weights) external returns (bytes32 modelId) {
        if (address(terms.verifier).code.length == 0) revert ModelRegistry_VerifierInvalid(address(terms.verifier));
        uint256 nameBytes = bytes(terms.name).length;
        bool isNamed = nameBytes != 0 && nameBytes <= NAME_BYTES_MAX;
        if (!isNamed || terms.outputCount == 0 || terms.outputCount > OUTPUTS_MAX) revert ModelRegistry_TermsInvalid();
        modelId = modelIdOf(msg.sender, terms.verifier, terms.architectureHash, terms.name);
        Model storage model_ = _models[modelId];
        if (model_.owner != address(0)) revert ModelRegistry_ModelExists(modelId);

        model_.verifier = terms.verifier;
        model_.outputCount = terms.outputCount;
        model_.isSigned = terms.isSigned;
        model_.owner = msg.sender;
        model_.registeredAt = uint40(block.timestamp);
        model_.architectureHash = terms.architectureHash;
        model_.name = terms.name;
        emit ModelRegistered(
            modelId,
            msg.sender,
            address(terms.verifier),
            terms.architectureHash,
            terms.outputCount,
            terms.isSigned,
            terms.name
        );
        _addVersion(modelId, weights);
    }

    /// @inheritdoc IModelRegistry
    function addVersion(bytes32 modelId, Weights calldata weights)
        external
        onlyModelOwner(modelId)
        returns (uint16 number)
    {
        return _addVersion(modelId, weights);
    }

    /// @inheritdoc IModelRegistry
    function retireVersion(bytes32 modelId, uint16 number) external onlyModelOwner(modelId) {
        _usableVersion(modelId, number).retiredAt = uint40(block.timestamp);
        emit VersionRetired(modelId, number);
    }

    /// @inheritdoc IModelRegistry
    function transferModel(bytes32 modelId, address to) external onlyModelOwner(modelId) {
        _models[modelId].pendingOwner = to;
        emit ModelTransferStarted(modelId, msg.sender, to);
    }

    /// @inheritdoc IModelRegistry
    function acceptModel(bytes32 modelId) external {
        Model storage model_ = _models[modelId];
        if (model_.pendingOwner != msg.sender) revert ModelRegistry_NotModelOwner(modelId, msg.sender);
        emit ModelTransferred(modelId, model_.owner, msg.sender);
        model_.owner = msg.sender;
        model_.pendingOwner = address(0);
    }

    /// @inheritdoc IModelRegistry
    function takeDown(bytes32 modelId, string calldata reason) external {
        if (msg.sender != guardian && msg.sender != owner()) revert ModelRegistry_NotGuardian(msg.sender);
        _usableModel(modelId).isTakenDown = true;
        emit ModelTakenDown(modelId, msg.sender, reason);
    }

    /// @inheritdoc IModelRegistry
    function lift(bytes32 modelId, string calldata reason) external onlyOwner {
        Model storage model_ = _models[modelId];
        if (!model_.isTakenDown) revert ModelRegistry_ModelNotTakenDown(modelId);
        model_.isTakenDown = false;
        emit ModelLifted(modelId, reason);
    }

    /// @inheritdoc IModelRegistry
    function listVerifier(IProofVerifier verifier, VerifierKind kind, string calldata auditNote) external onlyOwner {
        if (address(verifier).code.length == 0 || kind == VerifierKind.Unlisted) {
            revert ModelRegistry_VerifierInvalid(address(verifier));
        }
        VerifierListing storage listing = _listings[verifier];
        if (listing.withdrawnAt != 0) revert ModelRegistry_VerifierWithdrawn(address(verifier));
        listing.kind = kind;
        listing.listedAt = uint40(block.timestamp);
        listing.auditNote = auditNote;
        emit VerifierListed(address(verifier), kind, auditNote);
    }

    /// @inheritdoc IModelRegistry
    function withdrawVerifier(IProofVerifier verifier, string calldata reason) external onlyOwner {
        VerifierListing storage listing = _listings[verifier];
        if (listing.kind == VerifierKind.Unlisted) revert ModelRegistry_VerifierUnlisted(address(verifier));
        if (listing.withdrawnAt != 0) revert ModelRegistry_VerifierWithdrawn(address(verifier));
        listing.withdrawnAt = uint40(block.timestamp);
        emit VerifierWithdrawn(address(verifier), reason);
    }

    /// @inheritdoc IModelRegistry
    function setGuardian(address guardian_) external onlyOwner {
        _setGuardian(guardian_);
    }

    /// @notice Always reverts: without an owner a model that was taken down would stay so for ever.
    function renounceOwnership() public view override onlyOwner {
        revert ModelRegistry_OwnerRequired();
    }

    /// @inheritdoc IModelRegistry
    function modelIdOf(address modelOwner, IProofVerifier verifier, bytes32 architectureHash, string calldata name)
        public
        view
        returns (bytes32)
    {
        return keccak256(abi.encode(block.chainid, address(this), modelOwner, verifier, architectureHash, name));
    }

    /// @inheritdoc IModelRegistry
    function model(bytes32 modelId) external view returns (Model memory) {
        return _models[modelId];
    }

    /// @inheritdoc IModelRegistry
    function version(bytes32 modelId, uint16 number) external view returns (Version memory) {
        return _versions[modelId][number];
    }

    /// @inheritdoc IModelRegistry
    function verifierListing(IProofVerifier verifier) external view returns (VerifierListing memory) {
        return _listings[verifier];
    }

    /// @dev A model that exists and was not stopped, neither itself nor with its verifier.
    function _usableModel(bytes32 modelId) internal view returns (Model storage model_) {
        model_ = _models[modelId];
        IProofVerifier verifier = model_.verifier;
        if (address(verifier) == address(0)) revert ModelRegistry_ModelUnknown(modelId);
        if (model_.isTakenDown) revert ModelRegistry_ModelTakenDown(modelId);
        if (_listings[verifier].withdrawnAt != 0) revert ModelRegistry_VerifierWithdrawn(address(verifier));
    }

    function _usableVersion(bytes32 modelId, uint16 number) internal view returns (Version storage version_) {
        version_ = _versions[modelId][number];
        if (version_.addedAt == 0) revert ModelRegistry_VersionUnknown(modelId, number);
        if (version_.retiredAt != 0) revert ModelRegistry_VersionRetired(modelId, number);
    }

    function _outputCountOf(bytes32 modelId) internal view returns (uint16) {
        return _models[modelId].outputCount;
    }

    function _checkInField(uint256 value) internal pure {
        if (value >= FIELD) revert ModelRegistry_NotInField(value);
    }

    function _addVersion(bytes32 modelId, Weights calldata weights) private returns (uint16 number) {
        _checkInField(uint256(weights.commitment));
        bool isAccurate = weights.accuracyFloat <= ACCURACY_MAX && weights.accuracyInteger <= ACCURACY_MAX;
        if (!isAccurate) revert ModelRegistry_AccuracyInvalid();
        number = ++_models[modelId].versionCount;
        _versions[modelId][number] = Version({
            commitment: weights.commitment,
            accuracyFloat: weights.accuracyFloat,
            accuracyInteger: weights.accuracyInteger,
            addedAt: uint40(block.timestamp),
            retiredAt: 0
        });
        emit VersionAdded(modelId, number, weights.commitment, weights.accuracyFloat, weights.accuracyInteger);
    }

    function _setGuardian(address guardian_) private {
        if (guardian_ == address(0)) revert ModelRegistry_RoleInvalid();
        guardian = guardian_;
        emit GuardianChanged(guardian_);
    }
}
