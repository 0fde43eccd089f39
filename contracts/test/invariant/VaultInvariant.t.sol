// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {TestUSD} from "../../src/TestUSD.sol";
import {Vault} from "../../src/Vault.sol";
import {IVault} from "../../src/interfaces/IVault.sol";
import {MerkleSum} from "../../src/libraries/MerkleSum.sol";
import {SumTree} from "../support/SumTree.sol";
import {Test} from "../support/Test.sol";

/// @dev Honest people, and an operator who serves them, robs them, lies about them or falls silent, in any order. The
/// owner's key is stolen too; the guardian pauses and cancels at random. The handler keeps the honest ledger beside it.
contract VaultHandler is Test {
    struct Payment {
        uint256 time;
        uint256 amount;
    }

    uint256 public constant PEOPLE = 3;
    uint32 private constant TIMELOCK = 2 days;
    uint32 private constant EXIT_PERIOD = 3 days;
    address public constant OPERATOR = address(0x09);
    address private constant OWNER = address(0xAD);
    address private constant GUARDIAN = address(0x6A);

    Vault public immutable vault;
    TestUSD public immutable usd;
    Payment[] private _payments;
    MerkleSum.Leaf[] private _leaves;
    mapping(uint64 index => uint256) private _refunds;
    uint256 private _scheduledAt;

    /// What each person is due by an honest ledger, and what the exit gave them of it.
    mapping(uint256 person => uint256) public ledger;
    mapping(uint256 person => uint256) public received;
    bool public isRootHonest = true;
    uint256 public takenSinceRoot;
    uint256 public deposited;
    uint256 public left;
    /// Each of these names a promise and says that it was broken.
    bool public hasPassedTheCap;
    bool public hasPaidTwice;
    bool public hasSkippedTheQueue;
    bool public hasLoosenedEarly;
    bool public hasAnchoredUncovered;
    bool public hasActedAfterExit;
    bool public hasExitedEarly;
    bool public hasPaidALeafTwice;
    bool public hasRefundedWrongly;
    bool public hasBlockedAnExit;

    constructor() {
        vm.warp(1_800_000_000);
        usd = new TestUSD(address(this));
        IVault.Limits memory limits =
            IVault.Limits({withdrawalCap: 1000e6, delayThreshold: 400e6, withdrawalDelay: 6 hours});
        vault = new Vault(usd, OWNER, OPERATOR, GUARDIAN, limits, TIMELOCK, EXIT_PERIOD);
        for (uint256 i = 0; i < PEOPLE; ++i) {
            usd.mint(_person(i), 1_000_000e6);
            vm.prank(_person(i));
            usd.approve(address(vault), type(uint256).max);
        }
    }

    function _person(uint256 person) private pure returns (address) {
        return address(uint160(0x1000 + person));
    }

    function _account(uint256 person) private pure returns (bytes32) {
        return keccak256(abi.encode("person", person));
    }

    function deposit(uint256 person, uint256 amount) external {
        person %= PEOPLE;
        bool isExiting = vault.exitDeclaredAt() != 0;
        vm.prank(_person(person));
        try vault.deposit(_account(person), bound(amount, 1, 2000e6)) returns (uint256 arrived) {
            if (isExiting) hasActedAfterExit = true;
            deposited += arrived;
            ledger[person] += arrived;
        } catch {}
    }

    function serveWithdrawal(uint256 person, uint256 amount, uint8 id) external {
        person %= PEOPLE;
        if (ledger[person] == 0) return;
        amount = bound(amount, 1, ledger[person] < 400e6 ? ledger[person] : 400e6);
        if (_withdraw(bytes32(uint256(id)), _account(person), _person(person), amount)) ledger[person] -= amount;
    }

    function takeForHimself(uint256 person, uint256 amount, uint8 id, bool isSmall) external {
        amount = isSmall ? bound(amount, 1, 250e6) : bound(amount, 400e6, 1100e6);
        bytes32 account = person % 2 == 0 ? _account(person % PEOPLE) : keccak256("his own");
        if (_withdraw(bytes32(uint256(id)), account, OPERATOR, amount)) takenSinceRoot += amount;
    }

    function queueForHimself(uint256 person, uint256 amount, uint8 id) external {
        bool isExiting = vault.exitDeclaredAt() != 0;
        vm.prank(OPERATOR);
        try vault.queueWithdrawal(
            bytes32(uint256(id)), _account(person % PEOPLE), OPERATOR, bound(amount, 1, 1100e6)
        ) {
            if (isExiting) hasActedAfterExit = true;
        } catch {}
    }

    /// @dev The one way in which the queue is used as it is meant to be, after any time.
    function queueAndTake(uint256 person, uint256 amount, uint8 id, uint256 wait) external {
        bytes32 account = _account(person % PEOPLE);
        amount = bound(amount, 401e6, 1000e6);
        vm.prank(OPERATOR);
        try vault.queueWithdrawal(bytes32(uint256(id)), account, OPERATOR, amount) {
            vm.warp(block.timestamp + bound(wait, 0, 8 hours));
            if (_withdraw(bytes32(uint256(id)), account, OPERATOR, amount)) takenSinceRoot += amount;
        } catch {}
    }

    function cancel(uint8 id) external {
        vm.prank(GUARDIAN);
        try vault.cancelWithdrawal(bytes32(uint256(id))) {} catch {}
    }

    function anchorHonestly(bool isLagging) external {
        MerkleSum.Leaf[] memory leaves = new MerkleSum.Leaf[](PEOPLE);
        for (uint256 i = 0; i < PEOPLE; ++i) {
            leaves[i] = MerkleSum.Leaf(_account(i), _person(i), uint128(ledger[i]));
        }
        uint64 counted = vault.depositCount();
        if (isLagging && counted > 0) {
            // The newest deposit has too few confirmations to be in the balances.
            (bytes32 account,, uint256 amount,) = vault.depositOf(counted);
            for (uint256 i = 0; i < PEOPLE; ++i) {
                if (_account(i) != account || leaves[i].balance < amount) continue;
                leaves[i].balance -= uint128(amount);
                counted -= 1;
                break;
            }
        }
        if (_anchor(leaves, counted)) isRootHonest = true;
    }

    function anchorLies(uint256 amount, uint256 counted, bool isForHim) external {
        MerkleSum.Leaf[] memory leaves = new MerkleSum.Leaf[](2);
        leaves[0] = MerkleSum.Leaf(keccak256("his own"), isForHim ? OPERATOR : address(0xDEAD), 0);
        leaves[1] = MerkleSum.Leaf(_account(0), OPERATOR, uint128(bound(amount, 0, vault.reserves() + 1e6)));
        if (_anchor(leaves, uint64(bound(counted, 0, vault.depositCount() + 1)))) isRootHonest = false;
    }

    function playWithLimits(uint128 cap, uint128 threshold, uint32 delay, uint8 kind) external {
        IVault.Limits memory before = vault.limits();
        if (kind % 4 == 0) {
            vm.prank(GUARDIAN);
            try vault.cancelLimits() {} catch {}
        } else if (kind % 4 == 1) {
            vm.prank(OWNER);
            try vault.applyLimits() {
                if (block.timestamp < _scheduledAt + TIMELOCK) hasLoosenedEarly = true;
            } catch {}
        } else {
            IVault.Limits memory wanted = IVault.Limits({
                withdrawalCap: uint128(bound(cap, 300e6, 3000e6)),
                delayThreshold: uint128(bound(threshold, 100e6, 3000e6)),
                withdrawalDelay: uint32(bound(delay, 1 hours, 1 days))
            });
            vm.prank(OWNER);
            vault.setLimits(wanted);
            IVault.Limits memory now_ = vault.limits();
            if (
                now_.withdrawalCap > before.withdrawalCap || now_.delayThreshold > before.delayThreshold
                    || now_.withdrawalDelay < before.withdrawalDelay
            ) hasLoosenedEarly = true;
            (, uint64 effectiveAt) = vault.scheduledLimits();
            if (effectiveAt != 0) _scheduledAt = block.timestamp;
        }
    }

    function pauseOrResume(uint8 kind) external {
        vm.prank(kind % 3 == 0 ? GUARDIAN : OWNER);
        if (kind % 3 == 0) try vault.pause() {} catch {} else try vault.unpause() {} catch {}
    }

    function pass(uint256 time) external {
        vm.warp(block.timestamp + bound(time, 1, 10 hours));
    }

    /// @dev Rarely: what follows in a run is only exits.
    function declareExit(uint256 seed) external {
        if (seed % 8 == 0) vm.warp(block.timestamp + EXIT_PERIOD);
        bool isDue = block.timestamp >= vault.exitOpensAt() && vault.exitDeclaredAt() == 0;
        try vault.declareExit() {
            if (!isDue) hasExitedEarly = true;
        } catch {
            if (isDue) hasBlockedAnExit = true;
        }
    }

    function exit(uint64 index) external {
        if (_leaves.length == 0) return;
        _exit(index % uint64(_leaves.length));
    }

    function refund(uint64 index) external {
        _refund(uint64(bound(index, 0, vault.depositCount() + 1)));
    }

    /// @dev Everybody leaves: what must be possible after any run.
    function everybodyLeaves() external {
        if (vault.exitDeclaredAt() == 0) {
            vm.warp(vault.exitOpensAt());
            vault.declareExit();
        }
        for (uint64 i = 0; i < _leaves.length; ++i) {
            _exit(i);
        }
        for (uint64 i = 1; i <= vault.depositCount(); ++i) {
            _refund(i);
        }
    }

    function _withdraw(bytes32 id, bytes32 account, address to, uint256 amount) private returns (bool isDone) {
        bool wasPaid = vault.isPaid(id);
        bool isExiting = vault.exitDeclaredAt() != 0;
        (IVault.WithdrawalStatus status, uint64 executableAt) = vault.withdrawalOf(id);
        IVault.Limits memory limits = vault.limits();
        vm.prank(OPERATOR);
        try vault.withdraw(id, account, to, amount) {
            if (wasPaid || status == IVault.WithdrawalStatus.Cancelled) hasPaidTwice = true;
            if (isExiting) hasActedAfterExit = true;
            bool hasWaited = status == IVault.WithdrawalStatus.Queued && block.timestamp >= executableAt;
            if (amount > limits.delayThreshold && !hasWaited) hasSkippedTheQueue = true;
            left += amount;
            _payments.push(Payment(block.timestamp, amount));
            uint256 day = 0;
            for (uint256 i = 0; i < _payments.length; ++i) {
                if (_payments[i].time + 1 days >= block.timestamp) day += _payments[i].amount;
            }
            if (day > limits.withdrawalCap) hasPassedTheCap = true;
            return true;
        } catch {
            return false;
        }
    }

    function _anchor(MerkleSum.Leaf[] memory leaves, uint64 counted) private returns (bool isDone) {
        (bytes32 root, uint128 total) = SumTree.root(leaves);
        uint64 epoch = vault.latestEpoch() + 1;
        bool isExiting = vault.exitDeclaredAt() != 0;
        uint256 uncounted = 0;
        for (uint64 i = counted + 1; i <= vault.depositCount(); ++i) {
            (,, uint256 amount,) = vault.depositOf(i);
            uncounted += amount;
        }
        vm.prank(OPERATOR);
        try vault.anchorRoot(epoch, root, total, counted, bytes32(0)) {
            if (total + uncounted > vault.reserves()) hasAnchoredUncovered = true;
            if (isExiting) hasActedAfterExit = true;
            takenSinceRoot = 0;
            delete _leaves;
            for (uint256 i = 0; i < leaves.length; ++i) {
                _leaves.push(leaves[i]);
            }
            return true;
        } catch {
            return false;
        }
    }

    function _exit(uint64 index) private {
        MerkleSum.Leaf memory leaf = _leaves[index];
        MerkleSum.Proof memory proof = SumTree.proof(_leaves, index);
        bool isOpen = block.timestamp >= vault.exitOpensAt();
        bool isSpent = vault.isLeafSpent(index);
        bool isEmpty = vault.reserves() == 0;
        try vault.exit(leaf, proof) returns (uint256 paid) {
            if (!isOpen) hasExitedEarly = true;
            if (isSpent) hasPaidALeafTwice = true;
            _receive(leaf.exitTo, paid);
        } catch {
            if (isOpen && !isSpent && !isEmpty) hasBlockedAnExit = true;
        }
    }

    function _refund(uint64 index) private {
        bool isOpen = block.timestamp >= vault.exitOpensAt();
        bool isEmpty = vault.reserves() == 0;
        uint64 counted = vault.anchorOf(vault.latestEpoch()).depositsCounted;
        bool isOwed = index > counted && index <= vault.depositCount() && _refunds[index] == 0;
        (, address from,,) = vault.depositOf(index);
        try vault.refundDeposit(index) returns (uint256 paid) {
            if (!isOpen) hasExitedEarly = true;
            if (!isOwed) hasRefundedWrongly = true;
            _refunds[index] += 1;
            _receive(from, paid);
        } catch {
            if (isOpen && isOwed && !isEmpty) hasBlockedAnExit = true;
        }
    }

    function _receive(address to, uint256 paid) private {
        left += paid;
        for (uint256 i = 0; i < PEOPLE; ++i) {
            if (to == _person(i)) received[i] += paid;
        }
    }
}

contract VaultInvariantTest is Test {
    VaultHandler private handler;

    function setUp() external {
        handler = new VaultHandler();
        bytes4[] memory selectors = new bytes4[](14);
        selectors[0] = VaultHandler.deposit.selector;
        selectors[1] = VaultHandler.serveWithdrawal.selector;
        selectors[2] = VaultHandler.takeForHimself.selector;
        selectors[3] = VaultHandler.queueForHimself.selector;
        selectors[4] = VaultHandler.queueAndTake.selector;
        selectors[5] = VaultHandler.cancel.selector;
        selectors[6] = VaultHandler.anchorHonestly.selector;
        selectors[7] = VaultHandler.anchorLies.selector;
        selectors[8] = VaultHandler.playWithLimits.selector;
        selectors[9] = VaultHandler.pauseOrResume.selector;
        selectors[10] = VaultHandler.pass.selector;
        selectors[11] = VaultHandler.declareExit.selector;
        selectors[12] = VaultHandler.exit.selector;
        selectors[13] = VaultHandler.refund.selector;
        targetFunctions(address(handler), selectors);
    }

    function invariant_TheOperatorCannotTakeFasterThanHisLimits() external view {
        vm.assertTrue(!handler.hasPassedTheCap(), "no trailing day above the cap");
        vm.assertTrue(!handler.hasPaidTwice(), "no id is paid twice or after it was cancelled");
        vm.assertTrue(!handler.hasSkippedTheQueue(), "no large withdrawal without its delay");
        vm.assertTrue(!handler.hasLoosenedEarly(), "no limit is loosened before the timelock");
        vm.assertTrue(!handler.hasAnchoredUncovered(), "no root is uncovered");
        vm.assertTrue(!handler.hasActedAfterExit(), "nothing but exits after the exit");
    }

    function invariant_TheExitPaysEachOnceAndNobodyCanBlockIt() external view {
        vm.assertEq(handler.vault().reserves(), handler.deposited() - handler.left(), "reserves");
        vm.assertTrue(!handler.hasExitedEarly(), "no exit before the silence");
        vm.assertTrue(!handler.hasPaidALeafTwice(), "no leaf twice");
        vm.assertTrue(!handler.hasRefundedWrongly(), "no deposit twice, or refunded and counted");
        vm.assertTrue(!handler.hasBlockedAnExit(), "no exit is blocked");
    }

    /// @dev Run by forge after each sequence: everybody leaves, and on an honest root nobody lacks anything but what the
    /// operator took since.
    function afterInvariant() external {
        handler.everybodyLeaves();
        vm.assertTrue(!handler.hasBlockedAnExit(), "all could leave");
        vm.assertEq(handler.vault().reserves(), handler.deposited() - handler.left(), "reserves");
        if (!handler.isRootHonest()) return;
        uint256 lacking = 0;
        for (uint256 i = 0; i < handler.PEOPLE(); ++i) {
            vm.assertLe(handler.received(i), handler.ledger(i), "nobody is paid more than their own");
            lacking += handler.ledger(i) - handler.received(i);
        }
        vm.assertLe(lacking, handler.takenSinceRoot(), "nothing is lacking but what was taken");
    }
}
