// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @dev The cheat codes of forge that our tests use.
interface Vm {
    struct Log {
        bytes32[] topics;
        bytes data;
        address emitter;
    }

    function txGasPrice(uint256 price) external;
    function warp(uint256 time) external;
    function deal(address account, uint256 ether_) external;
    function etch(address target, bytes calldata code) external;
    function label(address account, string calldata name) external;
    function chainId(uint256 id) external;
    function assume(bool condition) external pure;
    function prank(address sender) external;
    function prank(address sender, address origin) external;
    function startPrank(address sender) external;
    function stopPrank() external;
    function addr(uint256 privateKey) external pure returns (address);
    function sign(uint256 privateKey, bytes32 digest) external pure returns (uint8 v, bytes32 r, bytes32 s);
    function signP256(uint256 privateKey, bytes32 digest) external pure returns (bytes32 r, bytes32 s);
    function publicKeyP256(uint256 privateKey) external pure returns (uint256 x, uint256 y);
    function expectRevert(bytes calldata data) external;
    function expectRevert(bytes4 selector) external;
    function expectRevert() external;
    function expectEmit() external;
    function recordLogs() external;
    function getRecordedLogs() external returns (Log[] memory);
    function snapshotValue(string calldata name, uint256 value) external;
    function readFile(string calldata path) external view returns (string memory);
    function parseJsonBytes(string calldata json, string calldata key) external pure returns (bytes memory);
    function assertTrue(bool condition, string calldata label_) external pure;
    function assertEq(uint256 left, uint256 right, string calldata label_) external pure;
    function assertEq(bytes32 left, bytes32 right, string calldata label_) external pure;
    function assertEq(address left, address right, string calldata label_) external pure;
    function assertEq(bytes calldata left, bytes calldata right, string calldata label_) external pure;
    function assertLe(uint256 left, uint256 right, string calldata label_) external pure;
    function assertGe(uint256 left, uint256 right, string calldata label_) external pure;
}

/// @dev The little of a test library that our tests need, over forge's own cheat codes.
abstract contract Test {
    Vm internal constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    /// @dev Printed by forge from verbosity 2 on; used for gas figures.
    event log_named_uint(string key, uint256 value);

    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    FuzzSelector[] private _targets;

    /// @dev Read by forge's invariant runner: the functions it calls.
    function targetSelectors() external view returns (FuzzSelector[] memory) {
        return _targets;
    }

    /// @dev Read by forge's invariant runner: the contracts it calls.
    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](_targets.length);
        for (uint256 i = 0; i < targets.length; ++i) {
            targets[i] = _targets[i].addr;
        }
    }

    function targetFunctions(address target, bytes4[] memory selectors) internal {
        _targets.push(FuzzSelector(target, selectors));
    }

    /// @dev Folds any number into a range, both ends included.
    function bound(uint256 value, uint256 min, uint256 max) internal pure returns (uint256) {
        if (value >= min && value <= max) return value;
        uint256 size = max - min;
        return size == type(uint256).max ? value : min + value % (size + 1);
    }
}
