// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {PackedUserOperation} from "@openzeppelin/contracts/interfaces/IERC4337.sol";
import {TestBTC} from "../../src/TestBTC.sol";
import {IAgentAccount} from "../../src/interfaces/IAgentAccount.sol";
import {BaseTest} from "../support/BaseTest.sol";
import {Test} from "../support/Test.sol";

/// @dev A hostile agent key with two tokens and ether, each under a cap of its own, and batches that mix them. What the
/// account loses of each is measured from outside: the fall of its balance and the rise of the allowance it gives.
contract AgentTokensHandler is BaseTest {
    struct Loss {
        uint256 time;
        uint256 amount;
    }

    uint256 public constant ASSETS = 3;
    address private constant SPENDER = address(0x5BE4D);
    ERC20 private _coin;
    address[3] private _assets;
    uint128[3] private _perTransaction = [uint128(100e6), 2e8, 1 ether];
    uint128[3] private _perWindow = [uint128(150e6), 3e8, 1.5 ether];
    mapping(uint256 asset => Loss[]) private _losses;
    uint256[3] private _mostInAWindow;
    uint256[3] private _mostInOne;
    uint256[3] public successes;

    function setUp() public override {
        super.setUp();
        _coin = new TestBTC(address(account));
        vm.deal(address(account), 1_000 ether);
        _assets = [address(usd), address(_coin), address(0)];
        _grant(_mixedPolicy());
    }

    function overCap(uint256 asset) external view returns (bool) {
        return _mostInAWindow[asset] > _perWindow[asset] || _mostInOne[asset] > _perTransaction[asset];
    }

    function spend(uint256 seed, uint256[4] calldata amounts) external {
        IAgentAccount.Call[] memory calls = new IAgentAccount.Call[](1 + seed % 4);
        for (uint256 i = 0; i < calls.length; ++i) {
            seed >>= 8;
            calls[i] = _spendingCall(seed % 5, amounts[i]);
        }
        _act(calls);
    }

    function useAllowance(uint256 asset, uint256 amount) external {
        ERC20 token = ERC20(_assets[asset % 2]);
        uint256 most = token.allowance(address(account), SPENDER);
        vm.prank(SPENDER);
        token.transferFrom(address(account), SPENDER, bound(amount, 0, most));
    }

    function pass(uint256 time) external {
        vm.warp(block.timestamp + bound(time, 1, 3 hours));
    }

    function _act(IAgentAccount.Call[] memory calls) private {
        uint256[3] memory balances;
        uint256[3] memory allowances;
        for (uint256 asset = 0; asset < ASSETS; ++asset) {
            (balances[asset], allowances[asset]) = _held(asset);
        }
        PackedUserOperation[] memory ops = _batch(_agentOperation(_agentData(calls)));
        vm.prank(bundler, bundler);
        try ENTRY_POINT.handleOps(ops, payable(bundler)) {} catch {}
        for (uint256 asset = 0; asset < ASSETS; ++asset) {
            (uint256 balance, uint256 allowance) = _held(asset);
            uint256 loss = balances[asset] > balance ? balances[asset] - balance : 0;
            if (allowance > allowances[asset]) loss += allowance - allowances[asset];
            if (loss > 0) _count(asset, loss);
        }
    }

    function _count(uint256 asset, uint256 loss) private {
        ++successes[asset];
        _losses[asset].push(Loss(block.timestamp, loss));
        if (loss > _mostInOne[asset]) _mostInOne[asset] = loss;
        uint256 inWindow = 0;
        for (uint256 i = 0; i < _losses[asset].length; ++i) {
            if (_losses[asset][i].time + 1 days >= block.timestamp) inWindow += _losses[asset][i].amount;
        }
        if (inWindow > _mostInAWindow[asset]) _mostInAWindow[asset] = inWindow;
    }

    function _held(uint256 asset) private view returns (uint256 balance, uint256 allowance) {
        if (asset == 2) return (address(account).balance, 0);
        ERC20 token = ERC20(_assets[asset]);
        return (token.balanceOf(address(account)), token.allowance(address(account), SPENDER));
    }

    /// @dev Amounts around the caps, now and then far beyond.
    function _spendingCall(uint256 kind, uint256 amount) private view returns (IAgentAccount.Call memory made) {
        uint256 asset = kind / 2;
        uint256 around = amount % 16 == 0 ? amount : bound(amount, 0, uint256(_perTransaction[asset]) * 6 / 5);
        if (asset == 2) {
            made = _call(shop, "")[0];
            made.value = around;
            return made;
        }
        address to = kind % 2 == 0 ? shop : SPENDER;
        return _call(_assets[asset], abi.encodeWithSelector(kind % 2 == 0 ? TRANSFER : APPROVE, to, around))[0];
    }

    function _mixedPolicy() private view returns (IAgentAccount.AgentPolicy memory policy) {
        policy = _policy();
        policy.caps = new IAgentAccount.Cap[](ASSETS);
        policy.rules = new IAgentAccount.Rule[](5);
        for (uint256 asset = 0; asset < ASSETS; ++asset) {
            policy.caps[asset] = IAgentAccount.Cap(_assets[asset], _perTransaction[asset], _perWindow[asset]);
        }
        policy.rules[0] = _rule(address(usd), TRANSFER, address(0));
        policy.rules[1] = _rule(address(usd), APPROVE, address(0));
        policy.rules[2] = _rule(address(_coin), TRANSFER, address(0));
        policy.rules[3] = _rule(address(_coin), APPROVE, address(0));
        policy.rules[4] = _rule(shop, bytes4(0), address(0));
        policy.rules[4].valueMax = type(uint128).max;
    }
}

contract AgentTokensInvariantTest is Test {
    AgentTokensHandler private handler;

    function setUp() external {
        handler = new AgentTokensHandler();
        handler.setUp();
        bytes4[] memory selectors = new bytes4[](4);
        selectors[0] = AgentTokensHandler.spend.selector;
        selectors[1] = AgentTokensHandler.spend.selector;
        selectors[2] = AgentTokensHandler.useAllowance.selector;
        selectors[3] = AgentTokensHandler.pass.selector;
        targetFunctions(address(handler), selectors);
    }

    function invariant_EachTokenAndEtherStayWithinTheirOwnCaps() external view {
        for (uint256 asset = 0; asset < handler.ASSETS(); ++asset) {
            vm.assertTrue(!handler.overCap(asset), "within its caps");
        }
    }

    /// @dev The handler does lose money of every kind: an invariant over nothing holds always.
    function test_EveryKindIsSpentNowAndThen() external {
        for (uint256 i = 0; i < 40; ++i) {
            uint256 seed = uint256(keccak256(abi.encode(i)));
            uint256[4] memory amounts = [seed % 1e6 + 1, seed % 1e6 + 1, seed % 1e6 + 1, seed % 1e6 + 1];
            handler.spend(seed, amounts);
        }
        for (uint256 asset = 0; asset < handler.ASSETS(); ++asset) {
            vm.assertTrue(handler.successes(asset) > 0, "spent");
        }
    }
}
