// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {TestUSD} from "../../src/TestUSD.sol";
import {Vault} from "../../src/Vault.sol";
import {Test} from "../support/Test.sol";

/// @dev Users deposit, a careless operator withdraws and anchors anything at any time.
contract VaultHandler is Test {
    struct Payment {
        uint256 time;
        uint256 amount;
    }

    uint128 public constant CAP = 1000e6;
    Vault public immutable vault;
    TestUSD private immutable _usd;
    uint256 public deposited;
    uint256 public withdrawn;
    uint256 public mostInADay;
    bool public hasPaidTwice;
    bool public hasAnchoredUncovered;
    Payment[] private _payments;

    constructor() {
        vm.warp(1_800_000_000);
        _usd = new TestUSD(address(this));
        vault = new Vault(_usd, address(this), address(this), address(this), CAP);
        _usd.mint(address(this), 1_000_000e6);
        _usd.approve(address(vault), type(uint256).max);
    }

    function deposit(uint256 amount) external {
        try vault.deposit(keccak256("user"), bound(amount, 1, 2000e6)) returns (uint256 received) {
            deposited += received;
        } catch {}
    }

    function withdraw(uint8 id, uint256 amount, bool isSmall) external {
        bytes32 withdrawalId = bytes32(uint256(id));
        bool wasPaid = vault.isPaid(withdrawalId);
        amount = isSmall ? bound(amount, 1, CAP / 4) : amount;
        try vault.withdraw(withdrawalId, address(0xCAFE), amount) {
            if (wasPaid) hasPaidTwice = true;
            withdrawn += amount;
            _payments.push(Payment(block.timestamp, amount));
            uint256 day = 0;
            for (uint256 i = 0; i < _payments.length; ++i) {
                if (_payments[i].time + 1 days >= block.timestamp) day += _payments[i].amount;
            }
            if (day > mostInADay) mostInADay = day;
        } catch {}
    }

    function anchor(uint64 epoch, uint256 liabilities, bool isNext) external {
        // Half of the time an epoch that may be accepted; far ones would end the run's anchoring at once.
        uint64 next = vault.latestEpoch() + 1;
        epoch = isNext ? next : epoch % next;
        if (isNext) liabilities %= 10_000e6;
        try vault.anchorRoot(epoch, keccak256("root"), liabilities) {
            if (liabilities > vault.reserves()) hasAnchoredUncovered = true;
        } catch {}
    }

    function pauseOrResume(bool isPause) external {
        if (isPause) try vault.pause() {} catch {} else try vault.unpause() {} catch {}
    }

    function pass(uint256 time) external {
        vm.warp(block.timestamp + bound(time, 1, 8 hours));
    }
}

contract VaultInvariantTest is Test {
    VaultHandler private handler;

    function setUp() external {
        handler = new VaultHandler();
        bytes4[] memory selectors = new bytes4[](5);
        selectors[0] = VaultHandler.deposit.selector;
        selectors[1] = VaultHandler.withdraw.selector;
        selectors[2] = VaultHandler.anchor.selector;
        selectors[3] = VaultHandler.pauseOrResume.selector;
        selectors[4] = VaultHandler.pass.selector;
        targetFunctions(address(handler), selectors);
    }

    function invariant_ReservesMatchAndNoDayExceedsTheCap() external view {
        vm.assertEq(handler.vault().reserves(), handler.deposited() - handler.withdrawn(), "reserves");
        vm.assertLe(handler.mostInADay(), handler.CAP(), "the most in a trailing day");
        vm.assertTrue(!handler.hasPaidTwice(), "no id is paid twice");
        vm.assertTrue(!handler.hasAnchoredUncovered(), "no anchor is uncovered");
    }
}
