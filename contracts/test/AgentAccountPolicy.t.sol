// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {TestUSD} from "../src/TestUSD.sol";
import {PolicyStore} from "../src/PolicyStore.sol";
import {IAgentAccount} from "../src/interfaces/IAgentAccount.sol";
import {TokenSpending} from "../src/libraries/TokenSpending.sol";
import {BaseTest} from "./support/BaseTest.sol";
import {Sink} from "./support/Counterparties.sol";

/// @dev What policies can say: conditions on arguments, denials, several tokens, ether, gas.
contract AgentAccountPolicyTest is BaseTest {
    Sink private sink = new Sink();
    bytes4 private constant DO = bytes4(0x12345678);

    function test_ConditionsOfEveryKindDecideByTheCallData() external {
        // do(uint256 a, address[] path, bytes note, (uint256, address) pair with a dynamic place)
        bytes memory data = abi.encodePacked(
            DO,
            abi.encode(
                uint256(500), _path(address(0xA), address(0xB), address(0xC)), bytes("memo"), _pair(7, address(0xD))
            )
        );
        _expectHolds(_condition(IAgentAccount.Reading.Word, 0, 0, IAgentAccount.Comparison.Equal, 500), data, true);
        _expectHolds(_condition(IAgentAccount.Reading.Word, 0, 0, IAgentAccount.Comparison.AtMost, 499), data, false);
        _expectHolds(_condition(IAgentAccount.Reading.Word, 0, 0, IAgentAccount.Comparison.AtMost, 500), data, true);
        _expectHolds(_condition(IAgentAccount.Reading.Word, 0, 0, IAgentAccount.Comparison.AtLeast, 501), data, false);
        _expectHolds(_condition(IAgentAccount.Reading.Element, 1, 0, IAgentAccount.Comparison.Equal, 0xA), data, true);
        _expectHolds(_condition(IAgentAccount.Reading.Element, 1, 1, IAgentAccount.Comparison.Equal, 0xB), data, true);
        _expectHolds(_condition(IAgentAccount.Reading.Element, 1, 3, IAgentAccount.Comparison.AtLeast, 0), data, false);
        _expectHolds(_condition(IAgentAccount.Reading.Last, 1, 0, IAgentAccount.Comparison.Equal, 0xC), data, true);
        _expectHolds(_condition(IAgentAccount.Reading.Length, 1, 0, IAgentAccount.Comparison.Equal, 3), data, true);
        _expectHolds(_condition(IAgentAccount.Reading.Length, 2, 0, IAgentAccount.Comparison.AtMost, 3), data, false);
        _expectHolds(
            _condition(IAgentAccount.Reading.Hash, 2, 0, IAgentAccount.Comparison.Equal, uint256(keccak256("memo"))),
            data,
            true
        );
        _expectHolds(_condition(IAgentAccount.Reading.Field, 3, 0, IAgentAccount.Comparison.Equal, 7), data, false);
        IAgentAccount.Condition memory masked =
            _condition(IAgentAccount.Reading.Word, 0, 0, IAgentAccount.Comparison.Masked, 0xF0);
        masked.operands = new bytes32[](2);
        (masked.operands[0], masked.operands[1]) = (bytes32(uint256(0xF0)), bytes32(uint256(0xF0)));
        _expectHolds(masked, data, true); // 500 is 0x1F4
        IAgentAccount.Condition memory oneOf =
            _condition(IAgentAccount.Reading.Word, 0, 0, IAgentAccount.Comparison.OneOf, 499);
        oneOf.operands = new bytes32[](2);
        (oneOf.operands[0], oneOf.operands[1]) = (bytes32(uint256(499)), bytes32(uint256(500)));
        _expectHolds(oneOf, data, true);
        oneOf.comparison = IAgentAccount.Comparison.NoneOf;
        _expectHolds(oneOf, data, false);
    }

    function test_AFieldOfATupleThatLiesElsewhereIsRead() external {
        // do((bytes path, address to)): the tuple is dynamic, so its place is in the head.
        bytes memory data = abi.encodePacked(DO, uint256(32), uint256(64), uint256(0xD), uint256(4), bytes32("path"));
        _expectHolds(_condition(IAgentAccount.Reading.Field, 0, 1, IAgentAccount.Comparison.Equal, 0xD), data, true);
    }

    /// @dev Whatever the bytes are, a rule that allows and the same one that denies never both fail to decide.
    function testFuzz_WhatCannotBeReadIsDenied(
        bytes calldata arguments,
        uint8 reading,
        uint16 word,
        uint16 element,
        uint256 operand
    ) external {
        IAgentAccount.Condition memory condition = _condition(
            IAgentAccount.Reading(reading % 6), word % 4, 0, IAgentAccount.Comparison.Equal, operand
        );
        if (condition.reading == IAgentAccount.Reading.Element || condition.reading == IAgentAccount.Reading.Field) {
            condition.element = element % 4;
        }
        IAgentAccount.AgentPolicy memory policy = _policy();
        policy.rules = new IAgentAccount.Rule[](2);
        policy.rules[0] = _rule(address(sink), DO, address(0));
        policy.rules[0].denies = true;
        policy.rules[0].conditions = _one(condition);
        policy.rules[1] = _rule(address(sink), DO, address(0));
        policy.rules[1].conditions = _one(condition);
        _grant(policy);
        // What the denial does not catch, the allowance with the same condition does not let through.
        (bool success,,) = _handle(_agentOperation(_agentData(_call(address(sink), abi.encodePacked(DO, arguments)))));
        vm.assertTrue(!success, "never allowed");
    }

    function test_ADenialWinsOverEveryAllowance() external {
        IAgentAccount.AgentPolicy memory policy = _policy();
        policy.rules = new IAgentAccount.Rule[](2);
        policy.rules[0] = _rule(address(usd), TRANSFER, shop);
        policy.rules[0].denies = true;
        policy.rules[1] = _rule(address(usd), TRANSFER, address(0));
        _grant(policy);
        _expectDenied(
            _agentOperation(_agentData(_transfer(shop, 1))),
            abi.encodeWithSelector(IAgentAccount.AgentAccount_CallDenied.selector, 0, 0)
        );
        _expectExecuted(_agentOperation(_agentData(_transfer(address(0x0777), 1))));
        (policy.rules[0], policy.rules[1]) = (policy.rules[1], policy.rules[0]);
        vm.expectRevert(abi.encodeWithSelector(IAgentAccount.AgentAccount_RuleInvalid.selector, 1));
        vm.prank(address(account));
        account.grantAgentKey(agent, policy);
    }

    function test_EveryTokenHasItsOwnCap() external {
        TestUSD other = new TestUSD(admin);
        vm.prank(admin);
        other.mint(address(account), 1000e6);
        IAgentAccount.AgentPolicy memory policy = _policy();
        policy.caps = new IAgentAccount.Cap[](2);
        policy.caps[0] = IAgentAccount.Cap(address(usd), 100e6, 250e6);
        policy.caps[1] = IAgentAccount.Cap(address(other), 10e6, 15e6);
        policy.rules = new IAgentAccount.Rule[](2);
        policy.rules[0] = _rule(address(usd), TRANSFER, shop);
        policy.rules[1] = _rule(address(other), TRANSFER, shop);
        _grant(policy);
        bytes memory ten = abi.encodeWithSelector(TRANSFER, shop, 10e6);
        _expectExecuted(_agentOperation(_agentData(_call(address(other), ten))));
        _expectExecuted(_agentOperation(_agentData(_transfer(shop, 100e6))));
        _expectDenied(
            _agentOperation(_agentData(_call(address(other), ten))),
            abi.encodeWithSelector(IAgentAccount.AgentAccount_OverWindowCap.selector, other, 20e6, 15e6)
        );
        vm.assertEq(account.spentInWindow(agent, address(other)), 10e6, "of the other");
        vm.assertEq(account.spentInWindow(agent, address(usd)), 100e6, "of dollars");
    }

    function test_EtherIsMeteredAndOnlyWhereARuleSaysHowMuch() external {
        vm.deal(address(account), 10 ether);
        IAgentAccount.AgentPolicy memory policy = _policy();
        policy.caps = new IAgentAccount.Cap[](1);
        policy.caps[0] = IAgentAccount.Cap(address(0), 1 ether, 2 ether);
        policy.rules = new IAgentAccount.Rule[](2);
        policy.rules[0] = _rule(shop, bytes4(0), address(0));
        policy.rules[0].valueMax = 1 ether;
        policy.rules[1] = _rule(address(sink), DO, address(0));
        _grant(policy);
        IAgentAccount.Call[] memory calls = _call(shop, "");
        calls[0].value = 1 ether;
        _expectExecuted(_agentOperation(_agentData(calls)));
        vm.assertEq(shop.balance, 1 ether, "paid");
        vm.assertEq(account.spentInWindow(agent, address(0)), 1 ether, "counted");
        calls[0].value = 1 ether + 1;
        _expectDenied(
            _agentOperation(_agentData(calls)),
            abi.encodeWithSelector(IAgentAccount.AgentAccount_ValueNotAllowed.selector, 0, 1 ether + 1)
        );
        calls[0].value = 1 ether;
        _expectExecuted(_agentOperation(_agentData(calls)));
        _expectDenied(
            _agentOperation(_agentData(calls)),
            abi.encodeWithSelector(IAgentAccount.AgentAccount_OverWindowCap.selector, address(0), 3 ether, 2 ether)
        );
        calls = _call(address(sink), abi.encodePacked(DO));
        calls[0].value = 1;
        _expectDenied(
            _agentOperation(_agentData(calls)),
            abi.encodeWithSelector(IAgentAccount.AgentAccount_ValueNotAllowed.selector, 0, 1)
        );
        // A rule for plain payments is not one for calls that have a zero selector.
        calls = _call(shop, abi.encodePacked(bytes4(0), uint256(1)));
        _expectDenied(
            _agentOperation(_agentData(calls)),
            abi.encodeWithSelector(IAgentAccount.AgentAccount_CallNotAllowed.selector, 0, shop, bytes4(0))
        );
    }

    function test_EtherWithoutACapIsNotSent() external {
        vm.deal(address(account), 1 ether);
        IAgentAccount.AgentPolicy memory policy = _policy();
        policy.rules[0] = _rule(shop, bytes4(0), address(0));
        policy.rules[0].valueMax = 1 ether;
        _grant(policy);
        IAgentAccount.Call[] memory calls = _call(shop, "");
        calls[0].value = 1;
        _expectDenied(
            _agentOperation(_agentData(calls)),
            abi.encodeWithSelector(IAgentAccount.AgentAccount_TokenNotMetered.selector, 0, address(0))
        );
    }

    /// @dev approve, increaseAllowance, permit and Permit2 are a transfer by another name.
    function test_ApproveIncreaseAllowancePermitAndPermit2CountAsATransfer() external {
        vm.etch(TokenSpending.PERMIT2, address(sink).code);
        bytes[4] memory calls = [
            abi.encodeWithSignature("approve(address,uint256)", shop, 101e6),
            abi.encodeWithSignature("increaseAllowance(address,uint256)", shop, 101e6),
            abi.encodeWithSignature(
                "permit(address,address,uint256,uint256,uint8,bytes32,bytes32)", account, shop, 101e6, 0, 27, 0, 0
            ),
            abi.encodeWithSignature("approve(address,address,uint160,uint48)", usd, shop, 101e6, 1)
        ];
        IAgentAccount.AgentPolicy memory policy = _policy();
        policy.rules = new IAgentAccount.Rule[](5);
        policy.rules[0] = _rule(address(usd), TRANSFER, address(0));
        for (uint256 i = 0; i < 4; ++i) {
            policy.rules[i + 1] = _rule(i < 3 ? address(usd) : TokenSpending.PERMIT2, bytes4(calls[i]), address(0));
        }
        _grant(policy);
        bytes memory error_ =
            abi.encodeWithSelector(IAgentAccount.AgentAccount_OverTransactionCap.selector, address(usd), 101e6, 100e6);
        _expectDenied(_agentOperation(_agentData(_transfer(shop, 101e6))), error_);
        for (uint256 i = 0; i < 4; ++i) {
            address target = i < 3 ? address(usd) : TokenSpending.PERMIT2;
            _expectDenied(_agentOperation(_agentData(_call(target, calls[i]))), error_);
        }
    }

    function test_WhatPermit2DoesWithSeveralTokensOrBySignatureIsNeverAllowed() external {
        vm.etch(TokenSpending.PERMIT2, address(sink).code);
        bytes memory data = abi.encodeWithSignature("lockdown((address,address)[])", new bytes32[](0));
        IAgentAccount.AgentPolicy memory policy = _policy();
        policy.rules[0] = _rule(TokenSpending.PERMIT2, bytes4(data), address(0));
        _grant(policy);
        _expectDenied(
            _agentOperation(_agentData(_call(TokenSpending.PERMIT2, data))),
            abi.encodeWithSelector(
                IAgentAccount.AgentAccount_CallNotAllowed.selector, 0, TokenSpending.PERMIT2, bytes4(data)
            )
        );
    }

    function test_RevertWhen_ARuleNamesAFunctionThatMakesOtherCalls() external {
        bytes4[5] memory wrappers = [bytes4(0xac9650d8), 0x8d80ff0a, 0x82ad56cb, 0xe9ae5c53, 0x3593564c];
        for (uint256 i = 0; i < wrappers.length; ++i) {
            IAgentAccount.AgentPolicy memory policy = _policy();
            policy.rules[0] = _rule(address(sink), wrappers[i], address(0));
            vm.expectRevert(abi.encodeWithSelector(IAgentAccount.AgentAccount_RuleInvalid.selector, 0));
            vm.prank(address(account));
            account.grantAgentKey(agent, policy);
        }
    }

    function test_TheGasBudgetEndsWithTheOperationThatReachesIt() external {
        IAgentAccount.AgentPolicy memory policy = _policy();
        policy.gasPerWindow = 1;
        _grant(policy);
        vm.txGasPrice(1 gwei);
        _expectExecuted(_agentOperation(_agentData(_transfer(shop, 1))));
        uint256 used = account.gasSpentInWindow(agent);
        vm.assertTrue(used > 150_000 gwei && used < 400_000 gwei, "about what it cost");
        _expectDenied(
            _agentOperation(_agentData(_transfer(shop, 1))),
            abi.encodeWithSelector(IAgentAccount.AgentAccount_OverGasBudget.selector, used, 1)
        );
        vm.warp(block.timestamp + 26 hours);
        _expectExecuted(_agentOperation(_agentData(_transfer(shop, 1))));
    }

    function testFuzz_APolicyIsReadBackAsItWasGiven(
        uint128 gasPerWindow,
        uint32 windowSeconds,
        uint128 perWindow,
        bytes32[] calldata operands,
        bytes4 selector,
        uint16 word
    ) external {
        vm.assume(windowSeconds != 0 && operands.length > 0 && operands.length <= 32);
        IAgentAccount.AgentPolicy memory policy = _policy();
        policy.gasPerWindow = gasPerWindow;
        policy.guards = keccak256(abi.encode(gasPerWindow, word));
        policy.windowSeconds = windowSeconds;
        policy.caps[0].perWindow = perWindow;
        policy.rules = new IAgentAccount.Rule[](2);
        policy.rules[0] = _rule(address(sink), DO, shop);
        policy.rules[0].denies = true;
        policy.rules[1] = _rule(address(usd), selector == bytes4(0xac9650d8) ? TRANSFER : selector, shop);
        policy.rules[1].valueMax = perWindow;
        policy.rules[1].conditions = new IAgentAccount.Condition[](2);
        policy.rules[1].conditions[0] =
            _condition(IAgentAccount.Reading.Word, word, 0, IAgentAccount.Comparison.OneOf, 0);
        policy.rules[1].conditions[0].operands = operands;
        policy.rules[1].conditions[1] = _equal(word, bytes32(uint256(gasPerWindow)));
        policy.rules[1].proofModelId = modelId;
        policy.rules[1].proofMinOutput = gasPerWindow;
        policy.rules[1].proofMaxAge = windowSeconds;
        vm.prank(address(account));
        try account.grantAgentKey(agent, policy) {}
        catch {
            // Another function that makes calls.
            return;
        }
        vm.assertEq(abi.encode(_grantedPolicy()), abi.encode(policy), "the same");
    }

    function test_OnePolicyHasOneAddressForEveryAccount() external {
        _grant(_policy());
        address first = account.policyOf(agent);
        PolicyStore store = PolicyStore(account.policyStore());
        vm.assertEq(store.store(_policy(), address(ENTRY_POINT)), first, "written once");
        IAgentAccount.AgentPolicy memory policy = _policy();
        policy.caps[0].perWindow += 1;
        vm.assertTrue(store.store(policy, address(ENTRY_POINT)) != first, "another policy, another address");
    }

    function _expectHolds(IAgentAccount.Condition memory condition, bytes memory data, bool isMet) private {
        IAgentAccount.AgentPolicy memory policy = _policy();
        policy.rules[0] = _rule(address(sink), DO, address(0));
        policy.rules[0].conditions = _one(condition);
        _grant(policy);
        if (isMet) {
            _expectExecuted(_agentOperation(_agentData(_call(address(sink), data))));
        } else {
            _expectDenied(
                _agentOperation(_agentData(_call(address(sink), data))),
                abi.encodeWithSelector(IAgentAccount.AgentAccount_CallNotAllowed.selector, 0, address(sink), DO)
            );
        }
    }

    function _condition(
        IAgentAccount.Reading reading,
        uint16 word,
        uint16 element,
        IAgentAccount.Comparison comparison,
        uint256 operand
    ) private pure returns (IAgentAccount.Condition memory condition) {
        condition = _equal(word, bytes32(operand));
        condition.reading = reading;
        condition.element = element;
        condition.comparison = comparison;
    }

    function _one(IAgentAccount.Condition memory condition)
        private
        pure
        returns (IAgentAccount.Condition[] memory conditions)
    {
        conditions = new IAgentAccount.Condition[](1);
        conditions[0] = condition;
    }

    function _path(address a, address b, address c) private pure returns (address[] memory path) {
        path = new address[](3);
        (path[0], path[1], path[2]) = (a, b, c);
    }

    function _pair(uint256 number, address who) private pure returns (bytes memory) {
        return abi.encode(number, who);
    }
}
