// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @title IRewardsDistributor
/// @notice Pays rewards from cumulative Merkle roots.
/// @dev Leaves are those of OpenZeppelin's StandardMerkleTree over ["address", "uint256"]: the account and everything it
/// has ever earned. Assumes of the token: standard ERC-20, no fee on transfer, no rebasing.
interface IRewardsDistributor {
    event RootPublished(uint64 indexed epoch, bytes32 indexed root, uint256 cumulativeTotal);
    event Claimed(address indexed account, uint256 amount, uint256 cumulative);

    error RewardsDistributor_EpochNotNext(uint64 epoch, uint64 expected);
    error RewardsDistributor_RootInvalid();
    error RewardsDistributor_TotalFell(uint256 cumulativeTotal, uint256 previousTotal);
    error RewardsDistributor_OverEpochCap(uint256 increase, uint256 cap);
    error RewardsDistributor_Underfunded(uint256 cumulativeTotal, uint256 funded);
    error RewardsDistributor_ProofInvalid(address account, uint256 cumulativeAmount);
    error RewardsDistributor_NothingToClaim(address account);
    error RewardsDistributor_OverTotal(uint256 paid, uint256 cumulativeTotal);

    /// @notice Replaces the root. Operator only; epochs are 1, 2, 3, …
    /// @param cumulativeTotal The sum of all leaves: it never falls, grows by at most `epochCap`, and must be covered.
    function publishRoot(uint64 epoch, bytes32 root, uint256 cumulativeTotal) external;

    /// @notice Pays an account what the current root says it earned and has not been paid. Anybody may call.
    /// @return amount What was paid now.
    function claim(address account, uint256 cumulativeAmount, bytes32[] calldata proof)
        external
        returns (uint256 amount);

    function token() external view returns (address);

    function epoch() external view returns (uint64);

    function root() external view returns (bytes32);

    /// @notice The most the total may grow in one epoch.
    function epochCap() external view returns (uint256);

    /// @notice The sum of all leaves of the current root.
    function cumulativeTotal() external view returns (uint256);

    /// @notice The sum of all claims ever paid.
    function totalClaimed() external view returns (uint256);

    /// @notice What an account was ever paid.
    function claimedBy(address account) external view returns (uint256);
}
