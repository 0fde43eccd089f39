// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IInferenceRegistry} from "../src/interfaces/IInferenceRegistry.sol";
import {OutputPacking} from "../src/libraries/OutputPacking.sol";
import {Inferences} from "./support/Inferences.sol";
import {Test} from "./support/Test.sol";

contract OutputPackingTest is Test {
    function slice(uint256[] memory words, uint256 first, uint256 count) external pure returns (uint256[] memory) {
        return OutputPacking.slice(words, first, count);
    }

    function check(uint256[] calldata words, uint256 count) external pure {
        OutputPacking.check(words, count);
    }

    function _outputs(uint256 count, uint256 seed) private pure returns (uint256[] memory shown) {
        shown = new uint256[](count);
        for (uint256 i = 0; i < count; ++i) {
            shown[i] = uint256(keccak256(abi.encode(seed, i))) % 4096;
        }
    }

    function testFuzz_AnySliceIsTheOutputsPackedAnew(uint256 total, uint256 first, uint256 count, uint256 seed)
        external
        view
    {
        total = bound(total, 1, 130);
        first = bound(first, 0, total - 1);
        count = bound(count, 1, total - first);
        uint256[] memory shown = _outputs(total, seed);
        uint256[] memory words = Inferences.pack(shown);
        this.check(words, total);
        uint256[] memory part = new uint256[](count);
        for (uint256 i = 0; i < count; ++i) {
            part[i] = shown[first + i];
        }
        uint256[] memory packed = this.slice(words, first, count);
        vm.assertEq(keccak256(abi.encode(packed)), keccak256(abi.encode(Inferences.pack(part))), "the slice");
        for (uint256 i = 0; i < count; ++i) {
            vm.assertTrue(OutputPacking.read(packed, i, false) == int16(uint16(part[i])), "as it is");
            vm.assertTrue(OutputPacking.read(packed, i, true) == int16(uint16(part[i])) - 2048, "with its sign");
        }
    }

    function testFuzz_RevertWhen_OneBitIsWhereNoOutputIs(uint256 total, uint256 bit) external {
        total = bound(total, 1, 130);
        uint256[] memory words = Inferences.pack(_outputs(total, bit));
        uint256 last = words.length - 1;
        words[last] |= uint256(1) << bound(bit, 12 * (total - 20 * last), 255);
        vm.expectRevert(abi.encodeWithSelector(IInferenceRegistry.InferenceRegistry_OutputsMalformed.selector, last));
        this.check(words, total);
    }
}
