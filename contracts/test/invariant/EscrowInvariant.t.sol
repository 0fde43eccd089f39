// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {ComputeEscrow} from "../../src/ComputeEscrow.sol";
import {TestUSD} from "../../src/TestUSD.sol";
import {IComputeEscrow} from "../../src/interfaces/IComputeEscrow.sol";
import {Test} from "../support/Test.sol";

/// @dev Payers who close early, providers who settle late and run with their stake, an operator who disputes at random.
contract EscrowHandler is Test {
    uint256 private constant PARTIES = 3;
    uint256 private constant SIGNER_KEY = 0x516;
    ComputeEscrow public immutable escrow;
    TestUSD public immutable usd;
    uint256 public supplied;
    bool public isOverpaid;
    bytes32[] private _leases;
    bytes32[] private _disputes;
    mapping(bytes32 leaseId => uint128) public newest;
    uint256 private _time = 1_800_000_000;

    constructor() {
        vm.warp(_time);
        usd = new TestUSD(address(this));
        escrow = new ComputeEscrow(
            usd, address(this), address(this), address(this), ComputeEscrow.Periods(1 days, 7 days, 3 days, 14 days)
        );
        usd.approve(address(escrow), type(uint256).max);
        usd.mint(address(this), 1_000_000e6);
        supplied = 1_000_000e6;
    }

    function pass(uint256 time) external {
        _time += bound(time, 1, 5 days);
        vm.warp(_time);
    }

    function open(uint256 party, uint128 amount) external {
        amount = uint128(bound(amount, 1, 1000e6));
        _leases.push(escrow.openLease(_provider(party), vm.addr(SIGNER_KEY), bytes32(_leases.length), amount));
    }

    function topUp(uint256 index, uint128 amount) external {
        if (_leases.length == 0) return;
        try escrow.topUp(_leases[index % _leases.length], uint128(bound(amount, 1, 100e6))) {} catch {}
    }

    function settle(uint256 index, uint128 more, bool isOld) external {
        if (_leases.length == 0) return;
        bytes32 id = _leases[index % _leases.length];
        uint128 cumulative = isOld ? newest[id] / 2 : newest[id] + uint128(bound(more, 0, 300e6));
        if (!isOld) newest[id] = cumulative;
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(SIGNER_KEY, escrow.voucherDigest(id, cumulative, bytes32(0)));
        IComputeEscrow.Voucher[] memory vouchers = new IComputeEscrow.Voucher[](2);
        vouchers[0] = IComputeEscrow.Voucher(id, cumulative, bytes32(0), abi.encodePacked(r, s, v));
        vouchers[1] = vouchers[0];
        escrow.settle(vouchers);
        IComputeEscrow.Lease memory lease = escrow.leaseOf(id);
        if (lease.paid > newest[id] || lease.paid > lease.deposited) isOverpaid = true;
    }

    function requestClose(uint256 index) external {
        if (_leases.length == 0) return;
        try escrow.requestClose(_leases[index % _leases.length]) {} catch {}
    }

    function close(uint256 index) external {
        if (_leases.length == 0) return;
        try escrow.close(_leases[index % _leases.length]) {} catch {}
    }

    function stake(uint256 party, uint128 amount) external {
        escrow.stake(_provider(party), uint128(bound(amount, 1, 500e6)));
    }

    function requestUnstake(uint256 party, uint128 amount) external {
        vm.prank(_provider(party));
        try escrow.requestUnstake(uint128(bound(amount, 1, 500e6))) {} catch {}
    }

    function withdrawStake(uint256 party) external {
        vm.prank(_provider(party));
        try escrow.withdrawStake() {} catch {}
    }

    function openDispute(uint256 party, uint128 amount) external {
        bytes32 id = bytes32(_disputes.length + 1);
        try escrow.openDispute(id, _provider(party), address(0xDEAD), uint128(bound(amount, 1, 500e6)), id) {
            _disputes.push(id);
        } catch {}
    }

    function contest(uint256 index) external {
        if (_disputes.length == 0) return;
        bytes32 id = _disputes[index % _disputes.length];
        vm.prank(escrow.disputeOf(id).provider);
        try escrow.contestDispute(id, id) {} catch {}
    }

    function endDispute(uint256 index, uint128 amount, uint8 how) external {
        if (_disputes.length == 0) return;
        bytes32 id = _disputes[index % _disputes.length];
        if (how % 3 == 0) {
            try escrow.decideDispute(id, uint128(bound(amount, 0, 500e6))) {} catch {}
        } else if (how % 3 == 1) {
            try escrow.settleDispute(id) {} catch {}
        } else {
            try escrow.dismissDispute(id) {} catch {}
        }
    }

    function owed() external view returns (uint256 total) {
        for (uint256 i = 0; i < _leases.length; ++i) {
            IComputeEscrow.Lease memory lease = escrow.leaseOf(_leases[i]);
            if (!lease.isClosed) total += lease.deposited - lease.paid;
        }
        for (uint256 i = 0; i < PARTIES; ++i) {
            total += escrow.stakeOf(_provider(i)).total;
        }
    }

    function elsewhere() external view returns (uint256 total) {
        total = usd.balanceOf(address(this)) + usd.balanceOf(address(0xDEAD));
        for (uint256 i = 0; i < PARTIES; ++i) {
            total += usd.balanceOf(_provider(i));
        }
    }

    function isLockedRight() external view returns (bool) {
        for (uint256 i = 0; i < PARTIES; ++i) {
            uint256 locked = 0;
            for (uint256 j = 0; j < _disputes.length; ++j) {
                IComputeEscrow.Dispute memory dispute = escrow.disputeOf(_disputes[j]);
                bool isOn = dispute.status == IComputeEscrow.DisputeStatus.Open
                    || dispute.status == IComputeEscrow.DisputeStatus.Contested;
                if (isOn && dispute.provider == _provider(i)) locked += dispute.amount;
            }
            IComputeEscrow.Stake memory held = escrow.stakeOf(_provider(i));
            if (held.locked != locked || held.locked > held.total || held.leaving > held.total) return false;
        }
        return true;
    }

    function _provider(uint256 index) private pure returns (address) {
        return address(uint160(0x1000 + index % PARTIES));
    }
}

contract EscrowInvariantTest is Test {
    EscrowHandler private handler;

    function setUp() external {
        handler = new EscrowHandler();
        bytes4[] memory selectors = new bytes4[](12);
        selectors[0] = EscrowHandler.pass.selector;
        selectors[1] = EscrowHandler.open.selector;
        selectors[2] = EscrowHandler.topUp.selector;
        selectors[3] = EscrowHandler.settle.selector;
        selectors[4] = EscrowHandler.requestClose.selector;
        selectors[5] = EscrowHandler.close.selector;
        selectors[6] = EscrowHandler.stake.selector;
        selectors[7] = EscrowHandler.requestUnstake.selector;
        selectors[8] = EscrowHandler.withdrawStake.selector;
        selectors[9] = EscrowHandler.openDispute.selector;
        selectors[10] = EscrowHandler.contest.selector;
        selectors[11] = EscrowHandler.endDispute.selector;
        targetFunctions(address(handler), selectors);
    }

    function invariant_TheEscrowHoldsExactlyWhatItOwes() external view {
        ComputeEscrow escrow = handler.escrow();
        vm.assertEq(handler.usd().balanceOf(address(escrow)), handler.owed(), "balance = open leases + stakes");
        vm.assertEq(handler.elsewhere() + handler.owed(), handler.supplied(), "nothing appears or vanishes");
        vm.assertTrue(!handler.isOverpaid(), "never more than the newest voucher, never more than the deposit");
        vm.assertTrue(handler.isLockedRight(), "locked = open disputes, never above the stake");
    }
}
