// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {Operated} from "./base/Operated.sol";
import {IRewardsDistributor} from "./interfaces/IRewardsDistributor.sol";

/// @title RewardsDistributor
/// @notice See {IRewardsDistributor}.
contract RewardsDistributor is IRewardsDistributor, Operated {
    using SafeERC20 for IERC20;

    IERC20 private immutable _token;
    /// @inheritdoc IRewardsDistributor
    uint256 public immutable epochCap;

    /// @inheritdoc IRewardsDistributor
    uint64 public epoch;
    /// @inheritdoc IRewardsDistributor
    bytes32 public root;
    /// @inheritdoc IRewardsDistributor
    uint256 public cumulativeTotal;
    /// @inheritdoc IRewardsDistributor
    uint256 public totalClaimed;
    /// @inheritdoc IRewardsDistributor
    mapping(address account => uint256) public claimedBy;

    constructor(IERC20 token_, address owner_, address operator_, address guardian_, uint256 epochCap_)
        Operated(owner_, operator_, guardian_)
    {
        _token = token_;
        epochCap = epochCap_;
    }

    /// @inheritdoc IRewardsDistributor
    function publishRoot(uint64 epoch_, bytes32 root_, uint256 cumulativeTotal_) external onlyOperator whenNotPaused {
        if (epoch_ != epoch + 1) revert RewardsDistributor_EpochNotNext(epoch_, epoch + 1);
        if (root_ == bytes32(0)) revert RewardsDistributor_RootInvalid();
        uint256 previous = cumulativeTotal;
        if (cumulativeTotal_ < previous) revert RewardsDistributor_TotalFell(cumulativeTotal_, previous);
        uint256 increase = cumulativeTotal_ - previous;
        if (increase > epochCap) revert RewardsDistributor_OverEpochCap(increase, epochCap);
        uint256 funded = totalClaimed + _token.balanceOf(address(this));
        if (cumulativeTotal_ > funded) revert RewardsDistributor_Underfunded(cumulativeTotal_, funded);

        epoch = epoch_;
        root = root_;
        cumulativeTotal = cumulativeTotal_;
        emit RootPublished(epoch_, root_, cumulativeTotal_);
    }

    /// @inheritdoc IRewardsDistributor
    function claim(address account, uint256 cumulativeAmount, bytes32[] calldata proof)
        external
        whenNotPaused
        returns (uint256 amount)
    {
        // Check: the root holds this account with this amount. Hashing twice keeps leaves apart from inner nodes.
        bytes32 leaf = keccak256(bytes.concat(keccak256(abi.encode(account, cumulativeAmount))));
        if (!MerkleProof.verifyCalldata(proof, root, leaf)) {
            revert RewardsDistributor_ProofInvalid(account, cumulativeAmount);
        }
        // Check: something of it was not paid yet.
        uint256 claimed = claimedBy[account];
        if (cumulativeAmount <= claimed) revert RewardsDistributor_NothingToClaim(account);
        amount = cumulativeAmount - claimed;
        // Check: a root whose leaves add up to more than its total must not reach into later funds.
        uint256 paid = totalClaimed + amount;
        if (paid > cumulativeTotal) revert RewardsDistributor_OverTotal(paid, cumulativeTotal);

        // Effect: mark as paid before paying, so that a re-entering token finds nothing left.
        claimedBy[account] = cumulativeAmount;
        totalClaimed = paid;
        emit Claimed(account, amount, cumulativeAmount);

        // Interaction: pay the account, whoever called.
        _token.safeTransfer(account, amount);
    }

    /// @inheritdoc IRewardsDistributor
    function token() external view returns (address) {
        return address(_token);
    }
}
