// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IEntryPointExtra} from "@openzeppelin/contracts/account/utils/ERC4337Utils.sol";
import {IEntryPoint, PackedUserOperation} from "@openzeppelin/contracts/interfaces/IERC4337.sol";
import {AgentAccount} from "../../src/AgentAccount.sol";
import {AgentAccountFactory} from "../../src/AgentAccountFactory.sol";
import {GasSponsor} from "../../src/GasSponsor.sol";
import {InferenceRegistry} from "../../src/InferenceRegistry.sol";
import {PolicyStore} from "../../src/PolicyStore.sol";
import {TestUSD} from "../../src/TestUSD.sol";
import {IAgentAccount} from "../../src/interfaces/IAgentAccount.sol";
import {IGasSponsor} from "../../src/interfaces/IGasSponsor.sol";
import {IInferenceRegistry} from "../../src/interfaces/IInferenceRegistry.sol";
import {Inferences} from "./Inferences.sol";
import {ScriptedVerifier} from "./ScriptedVerifier.sol";
import {Test, Vm} from "./Test.sol";

/// @dev All contracts around the real EntryPoint v0.8, and the signing and sending of user operations.
abstract contract BaseTest is Test {
    address internal constant DETERMINISTIC_DEPLOYER = 0x4e59b44847b379578588920cA78FbF26c0B4956C;
    bytes32 internal constant ENTRY_POINT_SALT = 0x0a59dbff790c23c976a548690c27297883cc66b4c67024f9117b0238995e35e9;
    IEntryPoint internal constant ENTRY_POINT = IEntryPoint(0x4337084D9E255Ff0702461CF8895CE9E3b5Ff108);
    bytes4 internal constant TRANSFER = 0xa9059cbb;
    bytes4 internal constant APPROVE = 0x095ea7b3;

    address internal admin = address(0xAD);
    address internal operator = address(0x09);
    address internal guardian = address(0x6A);
    address internal shop = address(0x5409);
    address internal bundler = address(0xB0);
    uint256 internal ownerPrivateKey = 0xA11CE;
    uint256 internal agentPrivateKey = 0xB0B;
    address internal agent;

    TestUSD internal usd;
    InferenceRegistry internal registry;
    ScriptedVerifier internal verifier;
    bytes32 internal modelId;
    AgentAccountFactory internal factory;
    GasSponsor internal sponsor;
    AgentAccount internal account;

    function setUp() public virtual {
        vm.warp(1_800_000_000);
        _deployEntryPoint();
        agent = vm.addr(agentPrivateKey);
        usd = new TestUSD(admin);
        registry = new InferenceRegistry(admin, guardian);
        verifier = new ScriptedVerifier();
        modelId =
            registry.registerModel(Inferences.terms(verifier, 1, false), Inferences.weights(Inferences.COMMITMENT));
        factory = new AgentAccountFactory(guardian, registry);
        sponsor = new GasSponsor(
            factory,
            admin,
            IGasSponsor.Limits({accountBudget: 100 ether, totalBudget: 1000 ether, maxFeePerGas: 10 gwei})
        );
        vm.deal(address(this), 1000 ether);
        sponsor.deposit{value: 100 ether}();
        account = AgentAccount(payable(factory.createAccount(_ownerBytes(), bytes32(0))));
        vm.prank(admin);
        usd.mint(address(account), 1_000_000e6);
    }

    function _ownerBytes() internal view returns (bytes memory) {
        return abi.encodePacked(vm.addr(ownerPrivateKey));
    }

    function _policy() internal view returns (IAgentAccount.AgentPolicy memory policy) {
        policy.validAfter = uint48(block.timestamp - 1);
        policy.validUntil = uint48(block.timestamp + 365 days);
        policy.caps = new IAgentAccount.Cap[](1);
        policy.caps[0] = IAgentAccount.Cap({token: address(usd), perTransaction: 100e6, perWindow: 250e6});
        policy.windowSeconds = 1 days;
        policy.rules = new IAgentAccount.Rule[](1);
        policy.rules[0] = _rule(address(usd), TRANSFER, shop);
    }

    function _rule(address target, bytes4 selector, address counterparty)
        internal
        pure
        returns (IAgentAccount.Rule memory rule)
    {
        rule.target = target;
        rule.selector = selector;
        rule.conditions = new IAgentAccount.Condition[](counterparty == address(0) ? 0 : 1);
        if (counterparty != address(0)) rule.conditions[0] = _equal(0, bytes32(uint256(uint160(counterparty))));
    }

    function _equal(uint16 word, bytes32 operand) internal pure returns (IAgentAccount.Condition memory condition) {
        condition.word = word;
        condition.operands = new bytes32[](1);
        condition.operands[0] = operand;
    }

    function _grantedPolicy() internal view returns (IAgentAccount.AgentPolicy memory) {
        return PolicyStore(account.policyStore()).load(account.policyOf(agent));
    }

    function _grant(IAgentAccount.AgentPolicy memory policy) internal {
        vm.prank(address(account));
        account.grantAgentKey(agent, policy);
    }

    function _call(address target, bytes memory data) internal pure returns (IAgentAccount.Call[] memory calls) {
        calls = new IAgentAccount.Call[](1);
        calls[0] = IAgentAccount.Call({target: target, value: 0, data: data});
    }

    function _transfer(address to, uint256 amount) internal view returns (IAgentAccount.Call[] memory) {
        return _call(address(usd), abi.encodeWithSelector(TRANSFER, to, amount));
    }

    function _agentData(IAgentAccount.Call[] memory calls) internal view returns (bytes memory) {
        return abi.encodeCall(IAgentAccount.executeAsAgent, (agent, calls, new bytes32[](0)));
    }

    /// @dev An unsigned operation that the sponsor pays for.
    function _operation(bytes memory callData, uint256 nonce) internal view returns (PackedUserOperation memory op) {
        op.sender = address(account);
        op.nonce = nonce;
        op.callData = callData;
        op.accountGasLimits = bytes32((uint256(400_000) << 128) | 500_000);
        op.preVerificationGas = 50_000;
        op.gasFees = bytes32((uint256(1 gwei) << 128) | 1 gwei);
        op.paymasterAndData = _sponsored(uint48(block.timestamp - 1));
    }

    function _sponsored(uint48 countedAt) internal view returns (bytes memory) {
        return abi.encodePacked(address(sponsor), uint128(300_000), uint128(80_000), countedAt);
    }

    function _ownerOperation(bytes memory callData) internal view returns (PackedUserOperation memory op) {
        op = _operation(callData, account.getNonce());
        op.signature = abi.encodePacked(bytes1(0x00), _sign(ownerPrivateKey, _hash(op)));
    }

    function _agentOperation(bytes memory callData) internal view returns (PackedUserOperation memory op) {
        op = _operation(callData, account.agentNonce(agent, 0));
        _signAsAgent(op);
    }

    function _signAsAgent(PackedUserOperation memory op) internal view {
        op.signature = abi.encodePacked(bytes1(0x01), agent, _sign(agentPrivateKey, _hash(op)));
    }

    function _hash(PackedUserOperation memory op) internal view returns (bytes32) {
        return IEntryPointExtra(address(ENTRY_POINT)).getUserOpHash(op);
    }

    function _sign(uint256 privateKey, bytes32 digest) internal pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(privateKey, digest);
        return abi.encodePacked(r, s, v);
    }

    function _batch(PackedUserOperation memory op) internal pure returns (PackedUserOperation[] memory ops) {
        ops = new PackedUserOperation[](1);
        ops[0] = op;
    }

    /// @dev Sends one operation and returns what the entry point says of its execution.
    function _handle(PackedUserOperation memory op) internal returns (bool success, bytes memory reason, uint256 gas) {
        PackedUserOperation[] memory ops = _batch(op);
        vm.recordLogs();
        vm.prank(bundler, bundler);
        ENTRY_POINT.handleOps(ops, payable(bundler));
        return _outcome(vm.getRecordedLogs());
    }

    function _outcome(Vm.Log[] memory logs) private pure returns (bool success, bytes memory reason, uint256 gas) {
        bytes32 done = keccak256("UserOperationEvent(bytes32,address,address,uint256,bool,uint256,uint256)");
        bytes32 failed = keccak256("UserOperationRevertReason(bytes32,address,uint256,bytes)");
        for (uint256 i = 0; i < logs.length; ++i) {
            if (logs[i].topics[0] == done) {
                (, success,, gas) = abi.decode(logs[i].data, (uint256, bool, uint256, uint256));
            } else if (logs[i].topics[0] == failed) {
                (, reason) = abi.decode(logs[i].data, (uint256, bytes));
            }
        }
    }

    function _expectExecuted(PackedUserOperation memory op) internal returns (uint256 gas) {
        (bool success, bytes memory reason, uint256 used) = _handle(op);
        vm.assertEq(reason, "", "revert reason");
        vm.assertTrue(success, "the operation executes");
        return used;
    }

    function _expectDenied(PackedUserOperation memory op, bytes memory error_) internal {
        (bool success, bytes memory reason,) = _handle(op);
        vm.assertTrue(!success, "the operation does not execute");
        vm.assertEq(reason, error_, "revert reason");
    }

    function _expectInvalid(PackedUserOperation memory op, string memory reason) internal {
        PackedUserOperation[] memory ops = _batch(op);
        vm.expectRevert(abi.encodeWithSelector(IEntryPoint.FailedOp.selector, 0, reason));
        vm.prank(bundler, bundler);
        ENTRY_POINT.handleOps(ops, payable(bundler));
    }

    /// @dev Records a proved output for the account.
    function _infer(uint256 nonce, uint256 output) internal returns (bytes32 inferenceId) {
        IInferenceRegistry.Batch memory batch =
            Inferences.single(modelId, Inferences.request(address(account), address(0)), nonce, output);
        return registry.recordInference(batch, Inferences.prove(registry, batch));
    }

    function _deployEntryPoint() private {
        if (DETERMINISTIC_DEPLOYER.code.length == 0) {
            vm.etch(
                DETERMINISTIC_DEPLOYER,
                hex"7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe03601600081602082378035828234f58015156039578182fd5b8082525050506014600cf3"
            );
        }
        string memory json = vm.readFile("node_modules/@account-abstraction/contracts/artifacts/EntryPoint.json");
        bytes memory code = vm.parseJsonBytes(json, ".bytecode");
        (bool success,) = DETERMINISTIC_DEPLOYER.call(abi.encodePacked(ENTRY_POINT_SALT, code));
        vm.assertTrue(success && address(ENTRY_POINT).code.length > 0, "the entry point is at its canonical address");
    }
}
