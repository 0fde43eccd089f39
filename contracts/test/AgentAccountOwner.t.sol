// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Account} from "@openzeppelin/contracts/account/Account.sol";
import {PackedUserOperation} from "@openzeppelin/contracts/interfaces/IERC4337.sol";
import {IERC7821} from "@openzeppelin/contracts/interfaces/draft-IERC7821.sol";
import {Base64} from "@openzeppelin/contracts/utils/Base64.sol";
import {WebAuthn} from "@openzeppelin/contracts/utils/cryptography/WebAuthn.sol";
import {ERC7913P256Verifier} from "@openzeppelin/contracts/utils/cryptography/verifiers/ERC7913P256Verifier.sol";
import {
    ERC7913WebAuthnVerifier
} from "@openzeppelin/contracts/utils/cryptography/verifiers/ERC7913WebAuthnVerifier.sol";
import {AgentAccount} from "../src/AgentAccount.sol";
import {IAgentAccount} from "../src/interfaces/IAgentAccount.sol";
import {IAgentAccountFactory} from "../src/interfaces/IAgentAccountFactory.sol";
import {BaseTest} from "./support/BaseTest.sol";

/// @dev What the owner, by wallet or passkey, and the guardian may do.
contract AgentAccountOwnerTest is BaseTest {
    uint256 private constant P256_KEY = 0x9A55;
    uint256 private constant P256_ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551;
    bytes32 private constant BATCH_MODE = bytes32(uint256(1) << 248);

    function _executeTransfer(address to, uint256 amount) private view returns (bytes memory) {
        return abi.encodeCall(IERC7821.execute, (BATCH_MODE, abi.encode(_transfer(to, amount))));
    }

    function test_WalletOwnerExecutesABatch() external {
        uint256 gas = _expectExecuted(_ownerOperation(_executeTransfer(shop, 500e6)));
        vm.assertEq(usd.balanceOf(shop), 500e6, "paid without any cap");
        emit log_named_uint("gas: owner operation, ERC-20 transfer", gas);
    }

    function test_PasskeyOwnerIsCreatedAndExecutesInOneOperation() external {
        ERC7913WebAuthnVerifier webAuthn = new ERC7913WebAuthnVerifier();
        (uint256 x, uint256 y) = vm.publicKeyP256(P256_KEY);
        bytes memory owner = abi.encodePacked(address(webAuthn), x, y);
        address created = factory.getAddress(owner, bytes32(uint256(1)));
        vm.prank(admin);
        usd.mint(created, 10e6);
        account = AgentAccount(payable(created));

        PackedUserOperation memory op = _operation(_executeTransfer(shop, 10e6), 0);
        op.initCode = abi.encodePacked(
            address(factory), abi.encodeCall(IAgentAccountFactory.createAccount, (owner, bytes32(uint256(1))))
        );
        op.signature = abi.encodePacked(bytes1(0x00), _assert(_hash(op), "webauthn.get", 0x05));
        uint256 gas = _expectExecuted(op);
        vm.assertEq(usd.balanceOf(shop), 10e6, "paid by passkey");
        vm.assertEq(account.owner(), owner, "the owner is in the code");
        emit log_named_uint("gas: account creation and transfer by passkey", gas);

        op = _operation(_executeTransfer(shop, 0), account.getNonce());
        op.signature = abi.encodePacked(bytes1(0x00), _assert(_hash(op), "webauthn.get", 0x05));
        emit log_named_uint("gas: owner operation by passkey, ERC-20 transfer", _expectExecuted(op));
    }

    function test_RevertWhen_PasskeyAssertionIsNotForThisOperation() external {
        ERC7913WebAuthnVerifier webAuthn = new ERC7913WebAuthnVerifier();
        (uint256 x, uint256 y) = vm.publicKeyP256(P256_KEY);
        account = AgentAccount(payable(factory.createAccount(abi.encodePacked(address(webAuthn), x, y), bytes32(0))));
        PackedUserOperation memory op = _operation(_executeTransfer(shop, 0), 0);

        op.signature = abi.encodePacked(bytes1(0x00), _assert(keccak256("another"), "webauthn.get", 0x05));
        _expectInvalid(op, "AA24 signature error");
        op.signature = abi.encodePacked(bytes1(0x00), _assert(_hash(op), "webauthn.create", 0x05));
        _expectInvalid(op, "AA24 signature error");
        // The authenticator must have verified the user, not only seen somebody's touch.
        op.signature = abi.encodePacked(bytes1(0x00), _assert(_hash(op), "webauthn.get", 0x01));
        _expectInvalid(op, "AA24 signature error");
    }

    function test_P256OwnerExecutes() external {
        ERC7913P256Verifier p256 = new ERC7913P256Verifier();
        (uint256 x, uint256 y) = vm.publicKeyP256(P256_KEY);
        account = AgentAccount(payable(factory.createAccount(abi.encodePacked(address(p256), x, y), bytes32(0))));
        PackedUserOperation memory op = _operation(_executeTransfer(shop, 0), 0);
        op.signature = abi.encodePacked(bytes1(0x00), _signP256(_hash(op)));
        _expectExecuted(op);
    }

    function testFuzz_RevertWhen_SignatureIsNotTheOwners(uint256 key, bytes calldata noise) external {
        key = bound(key, 1, type(uint128).max);
        vm.assume(key != ownerPrivateKey);
        PackedUserOperation memory op = _ownerOperation(_executeTransfer(shop, 1));
        op.signature = abi.encodePacked(bytes1(0x00), _sign(key, _hash(op)));
        _expectInvalid(op, "AA24 signature error");
        op.signature = noise;
        _expectInvalid(op, "AA24 signature error");
    }

    function test_RevertWhen_OwnerSignsAsIfAnAgent() external {
        _grant(_policy());
        _expectInvalid(_ownerOperation(_agentData(_transfer(shop, 1))), "AA24 signature error");
    }

    function test_RevertWhen_StrangerCallsOwnerFunctions() external {
        bytes memory error_ = abi.encodeWithSelector(Account.AccountUnauthorized.selector, address(this));
        IAgentAccount.AgentPolicy memory policy = _policy();
        vm.expectRevert(error_);
        account.grantAgentKey(agent, policy);
        vm.expectRevert(error_);
        account.revokeAgentKey(agent);
        vm.expectRevert(error_);
        account.unpause();
        vm.expectRevert(error_);
        account.execute(BATCH_MODE, abi.encode(_transfer(shop, 1)));
        vm.expectRevert(error_);
        account.executeAsAgent(agent, _transfer(shop, 1), new bytes32[](0));
        vm.expectRevert(abi.encodeWithSelector(IAgentAccount.AgentAccount_NotGuardian.selector, address(this)));
        account.pause();
    }

    function test_GuardianPausesAndOnlyOwnerResumes() external {
        _grant(_policy());
        PackedUserOperation memory agentOp = _agentOperation(_agentData(_transfer(shop, 1e6)));
        vm.prank(guardian);
        account.pause();
        _expectInvalid(agentOp, "AA24 signature error");
        vm.expectRevert(abi.encodeWithSelector(Account.AccountUnauthorized.selector, guardian));
        vm.prank(guardian);
        account.unpause();

        // The owner is not stopped by a pause.
        _expectExecuted(_ownerOperation(abi.encodeCall(IAgentAccount.unpause, ())));
        _expectExecuted(agentOp);
    }

    function test_PauseStopsAnOperationAlreadyValidatedInTheSameBundle() external {
        _grant(_policy());
        PackedUserOperation[] memory ops = new PackedUserOperation[](2);
        ops[0] = _ownerOperation(abi.encodeCall(IAgentAccount.pause, ()));
        ops[1] = _agentOperation(_agentData(_transfer(shop, 1e6)));
        vm.prank(bundler, bundler);
        ENTRY_POINT.handleOps(ops, payable(bundler));
        vm.assertEq(usd.balanceOf(shop), 0, "nothing moved");
        vm.assertTrue(account.paused(), "paused");
    }

    function test_GrantAndRevokeAreReadBack() external {
        IAgentAccount.AgentPolicy memory policy = _policy();
        policy.rules[0].proofModelId = modelId;
        policy.rules[0].proofMinOutput = 5;
        policy.rules[0].proofMaxAge = 60;
        _expectExecuted(_ownerOperation(abi.encodeCall(IAgentAccount.grantAgentKey, (agent, policy))));
        vm.assertEq(abi.encode(_grantedPolicy()), abi.encode(policy), "the policy");
        _expectExecuted(_ownerOperation(abi.encodeCall(IAgentAccount.revokeAgentKey, (agent))));
        vm.assertEq(_grantedPolicy().rules.length, 0, "no rules left");
        _expectDenied(
            _ownerOperation(abi.encodeCall(IAgentAccount.revokeAgentKey, (agent))),
            abi.encodeWithSelector(IAgentAccount.AgentAccount_KeyUnknown.selector, agent)
        );
    }

    function test_Erc1271AcceptsOnlyTheOwnersWrappedSignature() external view {
        bytes32 message = keccak256("sign in");
        bytes32 structHash = keccak256(abi.encode(keccak256("PersonalSign(bytes prefixed)"), message));
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("AgentAccount"),
                keccak256("1"),
                block.chainid,
                address(account)
            )
        );
        bytes32 digest = keccak256(abi.encodePacked(hex"1901", domain, structHash));
        bytes4 valid = 0x1626ba7e;
        vm.assertTrue(account.isValidSignature(message, _sign(ownerPrivateKey, digest)) == valid, "the owner's");
        vm.assertTrue(account.isValidSignature(message, _sign(agentPrivateKey, digest)) != valid, "an agent's");
        // A signature the owner made for another account of theirs must not count here.
        vm.assertTrue(account.isValidSignature(message, _sign(ownerPrivateKey, message)) != valid, "an unwrapped one");
    }

    function test_ImplementationBelongsToNobody() external view {
        AgentAccount implementation = AgentAccount(payable(factory.implementation()));
        vm.assertEq(implementation.owner(), "", "no owner");
        vm.assertTrue(implementation.isValidSignature(bytes32(0), "") != bytes4(0x1626ba7e), "no signature");
    }

    function test_CreateAccountIsIdempotentAndBindsTheOwner() external {
        bytes memory owner = _ownerBytes();
        vm.assertEq(factory.createAccount(owner, bytes32(0)), address(account), "the same account");
        vm.assertTrue(factory.isAccount(address(account)), "known");
        vm.assertEq(account.owner(), owner, "and its owner's");
        vm.assertTrue(!factory.isAccount(address(this)), "unknown");
        vm.assertTrue(!factory.isAccount(shop), "nothing there");
        vm.assertTrue(factory.getAddress(owner, bytes32(uint256(1))) != address(account), "another salt");
        vm.assertTrue(factory.getAddress(abi.encodePacked(shop), bytes32(0)) != address(account), "another owner");
        vm.expectRevert(IAgentAccountFactory.AgentAccountFactory_OwnerInvalid.selector);
        factory.createAccount(hex"1234", bytes32(0));
        vm.expectRevert(IAgentAccountFactory.AgentAccountFactory_OwnerInvalid.selector);
        factory.createAccount(new bytes(20), bytes32(0));
    }

    function _signP256(bytes32 digest) private pure returns (bytes memory) {
        (bytes32 r, bytes32 s) = vm.signP256(P256_KEY, digest);
        if (uint256(s) > P256_ORDER / 2) s = bytes32(P256_ORDER - uint256(s));
        return abi.encodePacked(r, s);
    }

    /// @dev An assertion as a browser returns it for the challenge.
    function _assert(bytes32 challenge, string memory kind, uint8 flags) private pure returns (bytes memory) {
        string memory clientData = string.concat(
            '{"type":"',
            kind,
            '","challenge":"',
            Base64.encodeURL(abi.encodePacked(challenge)),
            '","origin":"https://converge.example","crossOrigin":false}'
        );
        bytes memory authenticatorData = abi.encodePacked(sha256("converge.example"), bytes1(flags), uint32(1));
        bytes memory signature = _signP256(sha256(abi.encodePacked(authenticatorData, sha256(bytes(clientData)))));
        (bytes32 r, bytes32 s) = abi.decode(signature, (bytes32, bytes32));
        WebAuthn.WebAuthnAuth memory auth = WebAuthn.WebAuthnAuth({
            r: r,
            s: s,
            challengeIndex: 11 + bytes(kind).length,
            typeIndex: 1,
            authenticatorData: authenticatorData,
            clientDataJSON: clientData
        });
        return
            abi.encode(auth.r, auth.s, auth.challengeIndex, auth.typeIndex, auth.authenticatorData, auth.clientDataJSON);
    }
}
