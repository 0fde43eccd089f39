// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IProofVerifier} from "./IProofVerifier.sol";

/// @title IModelRegistry
/// @notice The models whose outputs are proved: who owns them, which contract verifies them, and every version of their
/// weights there ever was.
/// @dev Assumes of a verifier: it accepts only proofs of one circuit, that of the architecture a model names, and that
/// circuit ties its outputs to the weights behind the commitment it shows. Anybody may register a model with any verifier,
/// so a model id is worth what its reader knows about its owner, its verifier and its commitments. The owner may add
/// versions at any time: who gates on a model trusts its owner with the weights, unless they name the version they mean.
interface IModelRegistry {
    /// @notice Unlisted: the registry's owner says nothing about it; it is anybody's.
    enum VerifierKind {
        Unlisted,
        Plain,
        Optimized
    }

    /// @notice What the registry's owner says about a verifier contract.
    /// @param withdrawnAt When it was found not fit for use; zero while it is.
    struct VerifierListing {
        VerifierKind kind;
        uint40 listedAt;
        uint40 withdrawnAt;
        string auditNote;
    }

    /// @param outputCount How many outputs one inference has.
    /// @param isSigned Whether outputs are -2048 to 2047, shown by the circuit with 2048 added; 0 to 4095 otherwise.
    struct ModelTerms {
        IProofVerifier verifier;
        bytes32 architectureHash;
        uint16 outputCount;
        bool isSigned;
        string name;
    }

    /// @param commitment The circuit's commitment to the salted weights; a BN254 scalar.
    /// @param accuracyFloat What the owner measured before the weights were made integers, in hundredths of a percent.
    /// @param accuracyInteger The same of the integer weights, which are the ones that are proved. Nobody checked either.
    struct Weights {
        bytes32 commitment;
        uint16 accuracyFloat;
        uint16 accuracyInteger;
    }

    /// @param versionCount Versions are numbered from 1 to this.
    struct Model {
        IProofVerifier verifier;
        uint16 outputCount;
        uint16 versionCount;
        bool isSigned;
        bool isTakenDown;
        address owner;
        uint40 registeredAt;
        address pendingOwner;
        bytes32 architectureHash;
        string name;
    }

    struct Version {
        bytes32 commitment;
        uint16 accuracyFloat;
        uint16 accuracyInteger;
        uint40 addedAt;
        uint40 retiredAt;
    }

    event ModelRegistered(
        bytes32 indexed modelId,
        address indexed owner,
        address indexed verifier,
        bytes32 architectureHash,
        uint16 outputCount,
        bool isSigned,
        string name
    );
    event VersionAdded(
        bytes32 indexed modelId,
        uint16 indexed version,
        bytes32 commitment,
        uint16 accuracyFloat,
        uint16 accuracyInteger
    );
    event VersionRetired(bytes32 indexed modelId, uint16 indexed version);
    event ModelTransferStarted(bytes32 indexed modelId, address indexed from, address indexed to);
    event ModelTransferred(bytes32 indexed modelId, address indexed from, address indexed to);
    event ModelTakenDown(bytes32 indexed modelId, address indexed by, string reason);
    event ModelLifted(bytes32 indexed modelId, string reason);
    event VerifierListed(address indexed verifier, VerifierKind kind, string auditNote);
    event VerifierWithdrawn(address indexed verifier, string reason);
    event GuardianChanged(address indexed guardian);

    error ModelRegistry_VerifierInvalid(address verifier);
    error ModelRegistry_VerifierUnlisted(address verifier);
    error ModelRegistry_VerifierWithdrawn(address verifier);
    error ModelRegistry_TermsInvalid();
    error ModelRegistry_AccuracyInvalid();
    error ModelRegistry_NotInField(uint256 value);
    error ModelRegistry_ModelExists(bytes32 modelId);
    error ModelRegistry_ModelUnknown(bytes32 modelId);
    error ModelRegistry_ModelTakenDown(bytes32 modelId);
    error ModelRegistry_ModelNotTakenDown(bytes32 modelId);
    error ModelRegistry_VersionUnknown(bytes32 modelId, uint16 version);
    error ModelRegistry_VersionRetired(bytes32 modelId, uint16 version);
    error ModelRegistry_NotModelOwner(bytes32 modelId, address caller);
    error ModelRegistry_NotGuardian(address caller);
    error ModelRegistry_RoleInvalid();
    error ModelRegistry_OwnerRequired();

    /// @notice Registers a model with its first version for the caller. Terms never change.
    /// @return modelId keccak256(abi.encode(chainid, registry, caller, verifier, architectureHash, name)).
    function registerModel(ModelTerms calldata terms, Weights calldata weights) external returns (bytes32 modelId);

    /// @notice Adds weights to a model, for the same circuit and verifier. Its owner only. Older versions stay usable.
    function addVersion(bytes32 modelId, Weights calldata weights) external returns (uint16 version);

    /// @notice Ends a version for ever: no new inferences, and recorded ones can no longer be used. The model's owner only.
    function retireVersion(bytes32 modelId, uint16 version) external;

    /// @notice Offers a model to a new owner, or to nobody with the zero address. Its owner only.
    function transferModel(bytes32 modelId, address to) external;

    /// @notice Takes over a model that was offered to the caller. The id stays.
    function acceptModel(bytes32 modelId) external;

    /// @notice Stops a model: no new inferences, and recorded ones cannot be used. Guardian or the registry's owner.
    function takeDown(bytes32 modelId, string calldata reason) external;

    /// @notice Lets a model that was taken down go on. The registry's owner only.
    function lift(bytes32 modelId, string calldata reason) external;

    /// @notice Says what kind of verifier a contract is and who has looked at it, or says it anew. The registry's owner only.
    function listVerifier(IProofVerifier verifier, VerifierKind kind, string calldata auditNote) external;

    /// @notice Stops every model that names a listed verifier, for ever. The registry's owner only.
    function withdrawVerifier(IProofVerifier verifier, string calldata reason) external;

    /// @notice Appoints who may take models down. The registry's owner only.
    function setGuardian(address guardian) external;

    function guardian() external view returns (address);

    /// @notice The id an owner's registration has.
    function modelIdOf(address owner, IProofVerifier verifier, bytes32 architectureHash, string calldata name)
        external
        view
        returns (bytes32);

    /// @notice A model; one without an owner does not exist.
    function model(bytes32 modelId) external view returns (Model memory);

    /// @notice A version of a model's weights, retired or not; one without a time does not exist.
    function version(bytes32 modelId, uint16 number) external view returns (Version memory);

    function verifierListing(IProofVerifier verifier) external view returns (VerifierListing memory);
}
