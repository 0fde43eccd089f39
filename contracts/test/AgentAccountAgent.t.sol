// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {PackedUserOperation} from "@openzeppelin/contracts/interfaces/IERC4337.sol";
import {IAgentAccount} from "../src/interfaces/IAgentAccount.sol";
import {IInferenceRegistry} from "../src/interfaces/IInferenceRegistry.sol";
import {BaseTest} from "./support/BaseTest.sol";
import {ApproveAndCallToken, Puller} from "./support/Counterparties.sol";

/// @dev What an agent key may do under its policy, through the real entry point.
contract AgentAccountAgentTest is BaseTest {
    Puller private puller = new Puller();

    function test_AgentPaysWithinItsPolicy() external {
        _grant(_policy());
        PackedUserOperation memory op = _agentOperation(_agentData(_transfer(shop, 40e6)));
        vm.expectEmit();
        emit IAgentAccount.AgentSpent(agent, address(usd), 40e6, 40e6);
        PackedUserOperation[] memory ops = _batch(op);
        vm.prank(bundler, bundler);
        ENTRY_POINT.handleOps(ops, payable(bundler));
        vm.assertEq(usd.balanceOf(shop), 40e6, "paid");
        vm.assertEq(account.spentInWindow(agent, address(usd)), 40e6, "counted");
        emit log_named_uint(
            "gas: agent operation, ERC-20 transfer, later one",
            _expectExecuted(_agentOperation(_agentData(_transfer(shop, 40e6))))
        );
    }

    function testFuzz_PerTransactionCapIsExact(uint256 amount) external {
        _grant(_policy());
        PackedUserOperation memory op = _agentOperation(_agentData(_transfer(shop, amount)));
        if (amount <= 100e6) {
            _expectExecuted(op);
        } else {
            _expectDenied(
                op,
                abi.encodeWithSelector(
                    IAgentAccount.AgentAccount_OverTransactionCap.selector, address(usd), amount, 100e6
                )
            );
        }
    }

    function test_RevertWhen_CallsOfOneBatchAddUpOverTheCap() external {
        _grant(_policy());
        IAgentAccount.Call[] memory calls = new IAgentAccount.Call[](2);
        calls[0] = _transfer(shop, 60e6)[0];
        calls[1] = _transfer(shop, 41e6)[0];
        _expectDenied(
            _agentOperation(_agentData(calls)),
            abi.encodeWithSelector(IAgentAccount.AgentAccount_OverTransactionCap.selector, address(usd), 101e6, 100e6)
        );
    }

    function test_WindowRollsInsteadOfStartingAfresh() external {
        _grant(_policy());
        // Two payments late in one calendar day, one early in the next: a fixed window would let this pass.
        vm.warp(block.timestamp / 1 days * 1 days + 23 hours);
        _expectExecuted(_agentOperation(_agentData(_transfer(shop, 100e6))));
        _expectExecuted(_agentOperation(_agentData(_transfer(shop, 100e6))));
        vm.warp(block.timestamp + 2 hours);
        _expectDenied(
            _agentOperation(_agentData(_transfer(shop, 51e6))),
            abi.encodeWithSelector(IAgentAccount.AgentAccount_OverWindowCap.selector, address(usd), 251e6, 250e6)
        );
        _expectExecuted(_agentOperation(_agentData(_transfer(shop, 50e6))));
        vm.warp(block.timestamp + 22 hours - 1);
        vm.assertEq(account.spentInWindow(agent, address(usd)), 250e6, "a second before the window's end all counts");
        vm.warp(block.timestamp + 1 hours + 1);
        vm.assertEq(account.spentInWindow(agent, address(usd)), 50e6, "an hour later the first day's payments do not");
    }

    function test_EverythingThatGivesTokensAwayIsMeteredAlike() external {
        IAgentAccount.AgentPolicy memory policy = _policy();
        bytes4[3] memory selectors = [APPROVE, bytes4(0x39509351), bytes4(0x23b872dd)];
        policy.rules = new IAgentAccount.Rule[](3);
        for (uint256 i = 0; i < 3; ++i) {
            policy.rules[i] = _rule(address(usd), selectors[i], address(0));
        }
        _grant(policy);
        bytes memory error_ =
            abi.encodeWithSelector(IAgentAccount.AgentAccount_OverTransactionCap.selector, address(usd), 101e6, 100e6);
        _expectDenied(
            _agentOperation(_agentData(_call(address(usd), abi.encodeWithSelector(APPROVE, shop, 101e6)))), error_
        );
        _expectDenied(
            _agentOperation(_agentData(_call(address(usd), abi.encodeWithSelector(selectors[1], shop, 101e6)))), error_
        );
        _expectDenied(
            _agentOperation(
                _agentData(_call(address(usd), abi.encodeWithSelector(selectors[2], address(account), shop, 101e6)))
            ),
            error_
        );
        _expectExecuted(_agentOperation(_agentData(_call(address(usd), abi.encodeWithSelector(APPROVE, shop, 99e6)))));
        vm.assertEq(account.spentInWindow(agent, address(usd)), 99e6, "an approval counts like a transfer");
    }

    function test_ApproveAndCallIsMeteredAsAnApproval() external {
        ApproveAndCallToken token = new ApproveAndCallToken();
        IAgentAccount.AgentPolicy memory policy = _policy();
        policy.caps[0].token = address(token);
        policy.rules[0] = _rule(address(token), ApproveAndCallToken.approveAndCall.selector, address(0));
        _grant(policy);
        _expectDenied(
            _agentOperation(_agentData(_call(address(token), abi.encodeCall(token.approveAndCall, (shop, 101e6))))),
            abi.encodeWithSelector(IAgentAccount.AgentAccount_OverTransactionCap.selector, address(token), 101e6, 100e6)
        );
    }

    function test_AFallInBalanceCountsWhateverTheCallIsCalled() external {
        vm.prank(address(account));
        usd.approve(address(puller), type(uint256).max);
        IAgentAccount.AgentPolicy memory policy = _policy();
        policy.rules = new IAgentAccount.Rule[](2);
        policy.rules[0] = _rule(address(puller), Puller.pull.selector, address(usd));
        policy.rules[1] = _rule(address(usd), TRANSFER, shop);
        _grant(policy);

        IAgentAccount.Call[] memory calls = new IAgentAccount.Call[](2);
        calls[0] = _call(address(puller), abi.encodeCall(Puller.pull, (usd, address(account), 60e6)))[0];
        calls[1] = _transfer(shop, 41e6)[0];
        _expectDenied(
            _agentOperation(_agentData(calls)),
            abi.encodeWithSelector(IAgentAccount.AgentAccount_OverTransactionCap.selector, address(usd), 101e6, 100e6)
        );
        vm.assertEq(usd.balanceOf(address(puller)), 0, "undone");
        calls[1] = _transfer(shop, 40e6)[0];
        _expectExecuted(_agentOperation(_agentData(calls)));
        vm.assertEq(account.spentInWindow(agent, address(usd)), 100e6, "both count");
    }

    function test_AnApprovalAndAFallInBalanceAddUp() external {
        vm.prank(address(account));
        usd.approve(address(puller), type(uint256).max);
        IAgentAccount.AgentPolicy memory policy = _policy();
        policy.rules = new IAgentAccount.Rule[](2);
        policy.rules[0] = _rule(address(usd), APPROVE, shop);
        policy.rules[1] = _rule(address(puller), Puller.pull.selector, address(0));
        _grant(policy);
        IAgentAccount.Call[] memory calls = new IAgentAccount.Call[](2);
        calls[0] = _call(address(usd), abi.encodeWithSelector(APPROVE, shop, 60e6))[0];
        calls[1] = _call(address(puller), abi.encodeCall(Puller.pull, (usd, address(account), 47e6)))[0];
        _expectDenied(
            _agentOperation(_agentData(calls)),
            abi.encodeWithSelector(IAgentAccount.AgentAccount_OverTransactionCap.selector, address(usd), 107e6, 100e6)
        );
    }

    function test_AnApprovalUsedInItsOwnBatchCountsOnce() external {
        IAgentAccount.AgentPolicy memory policy = _policy();
        policy.rules = new IAgentAccount.Rule[](2);
        policy.rules[0] = _rule(address(usd), APPROVE, address(puller));
        policy.rules[1] = _rule(address(puller), Puller.pull.selector, address(0));
        _grant(policy);
        IAgentAccount.Call[] memory calls = new IAgentAccount.Call[](3);
        calls[0] = _call(address(usd), abi.encodeWithSelector(APPROVE, puller, 0))[0];
        calls[1] = _call(address(usd), abi.encodeWithSelector(APPROVE, puller, 100e6))[0];
        calls[2] = _call(address(puller), abi.encodeCall(Puller.pull, (usd, address(account), 100e6)))[0];
        _expectExecuted(_agentOperation(_agentData(calls)));
        vm.assertEq(account.spentInWindow(agent, address(usd)), 100e6, "once");
    }

    function test_IncomingTokensDoNotHideAPayment() external {
        IAgentAccount.AgentPolicy memory policy = _policy();
        policy.rules = new IAgentAccount.Rule[](2);
        policy.rules[0] = _rule(address(usd), TRANSFER, address(0));
        policy.rules[1] = _rule(address(puller), Puller.refund.selector, address(0));
        _grant(policy);
        IAgentAccount.Call[] memory calls = new IAgentAccount.Call[](2);
        calls[0] = _transfer(address(puller), 100e6)[0];
        calls[1] = _call(address(puller), abi.encodeCall(Puller.refund, (usd, address(account), 100e6)))[0];
        _expectExecuted(_agentOperation(_agentData(calls)));
        vm.assertEq(account.spentInWindow(agent, address(usd)), 100e6, "named amounts count even when money comes back");
    }

    function test_AFailingCallUndoesAndCountsNothing() external {
        IAgentAccount.AgentPolicy memory policy = _policy();
        policy.rules = new IAgentAccount.Rule[](2);
        policy.rules[0] = _rule(address(usd), TRANSFER, address(0));
        policy.rules[1] = _rule(address(puller), Puller.fail.selector, address(0));
        _grant(policy);
        IAgentAccount.Call[] memory calls = new IAgentAccount.Call[](2);
        calls[0] = _transfer(shop, 100e6)[0];
        calls[1] = _call(address(puller), abi.encodeCall(Puller.fail, ()))[0];
        _expectDenied(_agentOperation(_agentData(calls)), abi.encodeWithSignature("Error(string)", "no"));
        vm.assertEq(account.spentInWindow(agent, address(usd)), 0, "no allowance is burnt");
        vm.assertEq(usd.balanceOf(shop), 0, "nothing moved");
    }

    function testFuzz_RevertWhen_NoRuleMatches(address target, bytes calldata data) external {
        _grant(_policy());
        vm.assume(target != address(usd) || data.length < 4 || bytes4(data) != TRANSFER);
        _expectDenied(
            _agentOperation(_agentData(_call(target, data))),
            abi.encodeWithSelector(IAgentAccount.AgentAccount_CallNotAllowed.selector, 0, target, bytes4(data))
        );
    }

    function test_RevertWhen_CounterpartyDiffersOrIsDirty() external {
        _grant(_policy());
        bytes memory error_ =
            abi.encodeWithSelector(IAgentAccount.AgentAccount_CallNotAllowed.selector, 0, address(usd), TRANSFER);
        _expectDenied(_agentOperation(_agentData(_transfer(address(0xBAD), 1e6))), error_);
        bytes memory dirty = abi.encodeWithSelector(TRANSFER, (uint256(1) << 160) | uint160(shop), uint256(1e6));
        _expectDenied(_agentOperation(_agentData(_call(address(usd), dirty))), error_);
        // Call data that ends before the amount must not be read as the neighbour's bytes.
        _expectDenied(_agentOperation(_agentData(_call(address(usd), abi.encodeWithSelector(TRANSFER, shop)))), error_);
    }

    function test_RevertWhen_CallIsToTheAccountTheEntryPointOrCarriesEther() external {
        IAgentAccount.AgentPolicy memory policy = _policy();
        _grant(policy);
        bytes memory data = abi.encodeCall(IAgentAccount.unpause, ());
        _expectDenied(
            _agentOperation(_agentData(_call(address(account), data))),
            abi.encodeWithSelector(
                IAgentAccount.AgentAccount_CallNotAllowed.selector, 0, address(account), IAgentAccount.unpause.selector
            )
        );
        policy.rules[0] = _rule(address(account), IAgentAccount.unpause.selector, address(0));
        vm.expectRevert(abi.encodeWithSelector(IAgentAccount.AgentAccount_RuleInvalid.selector, 0));
        vm.prank(address(account));
        account.grantAgentKey(agent, policy);
        policy.rules[0] = _rule(address(ENTRY_POINT), bytes4(data), address(0));
        vm.expectRevert(abi.encodeWithSelector(IAgentAccount.AgentAccount_RuleInvalid.selector, 0));
        vm.prank(address(account));
        account.grantAgentKey(agent, policy);

        IAgentAccount.Call[] memory calls = _transfer(shop, 1e6);
        calls[0].value = 1;
        _expectDenied(
            _agentOperation(_agentData(calls)),
            abi.encodeWithSelector(IAgentAccount.AgentAccount_ValueNotAllowed.selector, 0, 1)
        );
    }

    function test_RevertWhen_BatchIsEmptyOrInferencesDoNotPair() external {
        _grant(_policy());
        _expectDenied(
            _agentOperation(_agentData(new IAgentAccount.Call[](0))),
            abi.encodeWithSelector(IAgentAccount.AgentAccount_BatchEmpty.selector)
        );
        bytes memory data = abi.encodeCall(IAgentAccount.executeAsAgent, (agent, _transfer(shop, 1), new bytes32[](2)));
        _expectDenied(
            _agentOperation(data), abi.encodeWithSelector(IAgentAccount.AgentAccount_InferencesMismatch.selector, 1, 2)
        );
    }

    function test_RevertWhen_SpendingSelectorIsOnAnotherToken() external {
        IAgentAccount.AgentPolicy memory policy = _policy();
        policy.rules[0] = _rule(address(puller), TRANSFER, address(0));
        _grant(policy);
        _expectDenied(
            _agentOperation(_agentData(_call(address(puller), abi.encodeWithSelector(TRANSFER, shop, 1)))),
            abi.encodeWithSelector(IAgentAccount.AgentAccount_TokenNotMetered.selector, 0, address(puller))
        );
    }

    function test_RevertWhen_OperationIsNotBoundToTheKey() external {
        _grant(_policy());
        bytes memory data = _agentData(_transfer(shop, 1e6));

        // Another key in the call data than the one that signed.
        PackedUserOperation memory op = _operation(
            abi.encodeCall(IAgentAccount.executeAsAgent, (shop, _transfer(shop, 1e6), new bytes32[](0))),
            account.agentNonce(agent, 0)
        );
        _signAsAgent(op);
        _expectInvalid(op, "AA24 signature error");

        // A nonce of the owner's lane: using those up would block the owner.
        op = _operation(data, account.getNonce());
        _signAsAgent(op);
        _expectInvalid(op, "AA24 signature error");

        // Fees from the account's own ether.
        op = _operation(data, account.agentNonce(agent, 0));
        op.paymasterAndData = "";
        _signAsAgent(op);
        vm.deal(address(account), 1 ether);
        _expectInvalid(op, "AA24 signature error");
        vm.assertEq(address(account).balance, 1 ether, "no ether is burnt");

        // Any other function than executeAsAgent.
        op = _operation(abi.encodeCall(IAgentAccount.unpause, ()), account.agentNonce(agent, 0));
        _signAsAgent(op);
        _expectInvalid(op, "AA24 signature error");

        // A signature over other bytes.
        op = _agentOperation(data);
        op.callData = _agentData(_transfer(shop, 2e6));
        _expectInvalid(op, "AA24 signature error");

        // Parallel lanes of the key's own are fine.
        op = _operation(data, account.agentNonce(agent, 7));
        _signAsAgent(op);
        _expectExecuted(op);
    }

    function test_RevertWhen_KeyIsUnknownRevokedOrOutOfItsTime() external {
        bytes memory data = _agentData(_transfer(shop, 1e6));
        _expectInvalid(_agentOperation(data), "AA24 signature error");

        IAgentAccount.AgentPolicy memory policy = _policy();
        policy.validAfter = uint48(block.timestamp + 10);
        policy.validUntil = uint48(block.timestamp + 20);
        _grant(policy);
        _expectInvalid(_agentOperation(data), "AA22 expired or not due");
        vm.warp(block.timestamp + 20);
        _expectExecuted(_agentOperation(data));
        vm.warp(block.timestamp + 1);
        _expectInvalid(_agentOperation(data), "AA22 expired or not due");

        _grant(_policy());
        vm.prank(address(account));
        account.revokeAgentKey(agent);
        _expectInvalid(_agentOperation(data), "AA24 signature error");
    }

    function test_SpendingSurvivesRevokingAndEveryNewPolicy() external {
        IAgentAccount.AgentPolicy memory policy = _policy();
        _grant(policy);
        _expectExecuted(_agentOperation(_agentData(_transfer(shop, 100e6))));
        vm.prank(address(account));
        account.revokeAgentKey(agent);
        _grant(policy);
        vm.assertEq(account.spentInWindow(agent, address(usd)), 100e6, "after revoking");
        policy.windowSeconds = 1 hours;
        _grant(policy);
        vm.assertEq(account.spentInWindow(agent, address(usd)), 100e6, "after shortening");
        policy.windowSeconds = 7 days;
        policy.caps[0].perWindow = 150e6;
        _grant(policy);
        _expectDenied(
            _agentOperation(_agentData(_transfer(shop, 51e6))),
            abi.encodeWithSelector(IAgentAccount.AgentAccount_OverWindowCap.selector, address(usd), 151e6, 150e6)
        );
    }

    function test_RevertWhen_PolicyIsMalformed() external {
        IAgentAccount.AgentPolicy memory policy = _policy();
        vm.startPrank(address(account));
        vm.expectRevert(abi.encodeWithSelector(IAgentAccount.AgentAccount_KeyInvalid.selector, address(0)));
        account.grantAgentKey(address(0), policy);
        policy.validUntil = uint48(block.timestamp);
        vm.expectRevert(
            abi.encodeWithSelector(
                IAgentAccount.AgentAccount_ValidityInvalid.selector, policy.validAfter, policy.validUntil
            )
        );
        account.grantAgentKey(agent, policy);
        policy = _policy();
        policy.caps[0].token = address(0x1234);
        vm.expectRevert(abi.encodeWithSelector(IAgentAccount.AgentAccount_CapInvalid.selector, 0));
        account.grantAgentKey(agent, policy);
        policy = _policy();
        policy.windowSeconds = 0;
        vm.expectRevert(IAgentAccount.AgentAccount_WindowInvalid.selector);
        account.grantAgentKey(agent, policy);
        policy = _policy();
        policy.rules[0].proofMinOutput = 1;
        vm.expectRevert(abi.encodeWithSelector(IAgentAccount.AgentAccount_RuleInvalid.selector, 0));
        account.grantAgentKey(agent, policy);
        policy.rules = new IAgentAccount.Rule[](33);
        vm.expectRevert(abi.encodeWithSelector(IAgentAccount.AgentAccount_TooManyRules.selector, 33, 32));
        account.grantAgentKey(agent, policy);
        vm.stopPrank();
    }

    function test_ProofGatedCallNeedsAFreshUnusedInference() external {
        IAgentAccount.AgentPolicy memory policy = _policy();
        policy.rules[0].proofModelId = modelId;
        policy.rules[0].proofMinOutput = 70;
        policy.rules[0].proofMaxAge = 10 minutes;
        _grant(policy);
        IAgentAccount.Call[] memory calls = _transfer(shop, 50e6);

        _expectDenied(
            _agentOperation(_agentData(calls)),
            abi.encodeWithSelector(IAgentAccount.AgentAccount_ProofRequired.selector, 0, modelId)
        );
        bytes32 low = _infer(1, 69);
        _expectDenied(
            _agentOperation(_provedData(calls, low)),
            abi.encodeWithSelector(IInferenceRegistry.InferenceRegistry_OutputRefused.selector, low, 0, int16(69))
        );
        bytes32 old = _infer(2, 70);
        vm.warp(block.timestamp + 10 minutes + 1);
        _expectDenied(
            _agentOperation(_provedData(calls, old)),
            abi.encodeWithSelector(IInferenceRegistry.InferenceRegistry_TooOld.selector, old, 601, 600)
        );
        bytes32 good = _infer(3, 70);
        uint256 gas = _expectExecuted(_agentOperation(_provedData(calls, good)));
        emit log_named_uint("gas: agent operation, proof-gated ERC-20 transfer", gas);
        _expectDenied(
            _agentOperation(_provedData(calls, good)),
            abi.encodeWithSelector(IInferenceRegistry.InferenceRegistry_AlreadyConsumed.selector, good)
        );
        vm.assertEq(usd.balanceOf(shop), 50e6, "one proof, one payment");
    }

    function test_ADeniedOperationDoesNotUseUpItsInference() external {
        IAgentAccount.AgentPolicy memory policy = _policy();
        policy.rules[0].proofModelId = modelId;
        policy.rules[0].proofMaxAge = 10 minutes;
        _grant(policy);
        bytes32 id = _infer(1, 70);
        _expectDenied(
            _agentOperation(_provedData(_transfer(shop, 101e6), id)),
            abi.encodeWithSelector(IAgentAccount.AgentAccount_OverTransactionCap.selector, address(usd), 101e6, 100e6)
        );
        _expectExecuted(_agentOperation(_provedData(_transfer(shop, 100e6), id)));
    }

    function test_TheFirstMatchingRuleDecides() external {
        IAgentAccount.AgentPolicy memory policy = _policy();
        policy.rules = new IAgentAccount.Rule[](2);
        policy.rules[0] = _rule(address(usd), TRANSFER, shop);
        policy.rules[0].proofModelId = modelId;
        policy.rules[0].proofMaxAge = 60;
        policy.rules[1] = _rule(address(usd), TRANSFER, address(0));
        _grant(policy);
        _expectDenied(
            _agentOperation(_agentData(_transfer(shop, 1e6))),
            abi.encodeWithSelector(IAgentAccount.AgentAccount_ProofRequired.selector, 0, modelId)
        );
        _expectExecuted(_agentOperation(_agentData(_transfer(address(0x0777), 1e6))));
    }

    function _provedData(IAgentAccount.Call[] memory calls, bytes32 inferenceId) private view returns (bytes memory) {
        bytes32[] memory ids = new bytes32[](1);
        ids[0] = inferenceId;
        return abi.encodeCall(IAgentAccount.executeAsAgent, (agent, calls, ids));
    }
}
