// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {PackedUserOperation} from "@openzeppelin/contracts/interfaces/IERC4337.sol";
import {IAgentAccount} from "../../src/interfaces/IAgentAccount.sol";
import {BaseTest} from "../support/BaseTest.sol";
import {Puller} from "../support/Counterparties.sol";
import {Test} from "../support/Test.sol";

/// @dev A hostile agent key, its accomplices and an owner who keeps changing the policy, on the real entry point. What
/// the account loses is measured from outside: the fall of its balance and the rise of the allowance it gives.
contract AgentHandler is BaseTest {
    struct Loss {
        uint256 time;
        uint256 amount;
    }

    address private constant SPENDER = address(0x5BE4D);
    Puller private _puller;
    Loss[] private _losses;
    uint256 public mostInAWindow;
    uint256 public mostInOne;
    uint256 public successes;
    bool public isPolicyTouched;

    function setUp() public override {
        super.setUp();
        _puller = new Puller();
        vm.prank(address(account));
        usd.approve(address(_puller), type(uint256).max);
        _grant(_hostilePolicy(0));
    }

    function windowCap() external view returns (uint256) {
        return _policy().caps[0].perWindow;
    }

    function perTransactionCap() external view returns (uint256) {
        return _policy().caps[0].perTransaction;
    }

    function spend(uint256 seed, uint256[3] calldata amounts) external {
        IAgentAccount.Call[] memory calls = new IAgentAccount.Call[](1 + seed % 3);
        for (uint256 i = 0; i < calls.length; ++i) {
            seed >>= 8;
            calls[i] = _spendingCall(seed % 5, bound(amounts[i], 0, 60e6));
        }
        _act(_agentData(calls));
    }

    function spendAnything(uint256 kind, uint256 amount) external {
        IAgentAccount.Call[] memory calls = new IAgentAccount.Call[](1);
        calls[0] = _spendingCall(kind % 5, amount);
        _act(_agentData(calls));
    }

    function callAnything(uint8 target, uint256 value, bytes calldata data) external {
        address[6] memory targets = [
            address(usd), address(account), address(ENTRY_POINT), address(_puller), address(registry), address(factory)
        ];
        IAgentAccount.Call[] memory calls = _call(targets[target % 6], data);
        calls[0].value = value % 2;
        _act(_agentData(calls));
    }

    /// @dev The key signs an operation whose call data is anything at all, or one flipped byte from a payment.
    function sendAnything(bytes calldata data, uint256 position, bytes1 flip) external {
        if (data.length > 0 && data.length % 2 == 0) return _act(data);
        bytes memory payment = _agentData(_transfer(shop, 60e6));
        payment[position % payment.length] ^= flip;
        _act(payment);
    }

    function useAllowance(uint256 amount) external {
        uint256 most = usd.allowance(address(account), SPENDER);
        vm.prank(SPENDER);
        usd.transferFrom(address(account), SPENDER, bound(amount, 0, most));
    }

    function changePolicy(uint8 salt) external {
        if (salt % 3 == 0) {
            vm.prank(address(account));
            account.revokeAgentKey(agent);
        }
        _grant(_hostilePolicy(salt));
    }

    function pass(uint256 time) external {
        vm.warp(block.timestamp + bound(time, 1, 8 hours));
    }

    function _act(bytes memory callData) private {
        bytes memory policy = abi.encode(_grantedPolicy());
        uint256 balance = usd.balanceOf(address(account));
        uint256 allowance = usd.allowance(address(account), SPENDER);
        PackedUserOperation[] memory ops = _batch(_agentOperation(callData));
        vm.prank(bundler, bundler);
        try ENTRY_POINT.handleOps(ops, payable(bundler)) {} catch {}

        uint256 balanceAfter = usd.balanceOf(address(account));
        uint256 loss = balance > balanceAfter ? balance - balanceAfter : 0;
        uint256 allowanceAfter = usd.allowance(address(account), SPENDER);
        if (allowanceAfter > allowance) loss += allowanceAfter - allowance;
        if (keccak256(policy) != keccak256(abi.encode(_grantedPolicy()))) isPolicyTouched = true;
        if (loss == 0) return;
        ++successes;
        _losses.push(Loss(block.timestamp, loss));
        if (loss > mostInOne) mostInOne = loss;
        uint256 inWindow = 0;
        for (uint256 i = 0; i < _losses.length; ++i) {
            if (_losses[i].time + 1 days >= block.timestamp) inWindow += _losses[i].amount;
        }
        if (inWindow > mostInAWindow) mostInAWindow = inWindow;
    }

    function _spendingCall(uint256 kind, uint256 amount) private view returns (IAgentAccount.Call memory) {
        if (kind == 0) return _call(address(usd), abi.encodeWithSelector(TRANSFER, shop, amount))[0];
        if (kind == 1) return _call(address(usd), abi.encodeWithSelector(APPROVE, SPENDER, amount))[0];
        if (kind == 2) {
            bytes memory data = abi.encodeWithSelector(bytes4(0x23b872dd), address(account), shop, amount);
            return _call(address(usd), data)[0];
        }
        if (kind == 3) return _call(address(_puller), abi.encodeCall(Puller.pull, (usd, address(account), amount)))[0];
        return _call(address(_puller), abi.encodeCall(Puller.refund, (usd, address(account), amount)))[0];
    }

    /// @dev Everything an owner might unwisely allow, with caps that stay the same.
    function _hostilePolicy(uint8 salt) private view returns (IAgentAccount.AgentPolicy memory policy) {
        policy = _policy();
        policy.windowSeconds = 1 days - salt % 23;
        policy.rules = new IAgentAccount.Rule[](5);
        policy.rules[0] = _rule(address(usd), TRANSFER, address(0));
        policy.rules[1] = _rule(address(usd), APPROVE, address(0));
        policy.rules[2] = _rule(address(usd), bytes4(0x23b872dd), address(0));
        policy.rules[3] = _rule(address(_puller), Puller.pull.selector, address(0));
        policy.rules[4] = _rule(address(_puller), Puller.refund.selector, address(0));
    }
}

contract AgentInvariantTest is Test {
    AgentHandler private handler;

    function setUp() external {
        handler = new AgentHandler();
        handler.setUp();
        bytes4[] memory selectors = new bytes4[](8);
        selectors[0] = AgentHandler.spend.selector;
        selectors[1] = AgentHandler.spendAnything.selector;
        selectors[2] = AgentHandler.callAnything.selector;
        selectors[3] = AgentHandler.sendAnything.selector;
        selectors[4] = AgentHandler.useAllowance.selector;
        selectors[5] = AgentHandler.changePolicy.selector;
        selectors[6] = AgentHandler.pass.selector;
        selectors[7] = AgentHandler.spend.selector;
        targetFunctions(address(handler), selectors);
    }

    function invariant_AHostileKeyLosesAtMostTheCapsAndNeverChangesThem() external view {
        vm.assertLe(handler.mostInAWindow(), handler.windowCap(), "the most in a window");
        vm.assertLe(handler.mostInOne(), handler.perTransactionCap(), "the most in one operation");
        vm.assertTrue(!handler.isPolicyTouched(), "the policy is the owner's");
    }
}
