// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IInferenceRegistry} from "../interfaces/IInferenceRegistry.sol";

/// @title OutputPacking
/// @notice Outputs of 12 bits each, the first in the lowest bits, 20 in a word, as circuits show them.
library OutputPacking {
    uint256 private constant BITS = 12;
    uint256 private constant PER_WORD = 20;
    uint256 private constant WORD_BITS = 240;
    int256 private constant SIGNED_OFFSET = 2048;

    function wordsFor(uint256 count) internal pure returns (uint256) {
        return (count + PER_WORD - 1) / PER_WORD;
    }

    /// @notice Refuses words that are too many or too few for the outputs, or have bits where no output is. What passes is far
    /// below the field's order.
    function check(uint256[] calldata words, uint256 count) internal pure {
        uint256 wanted = wordsFor(count);
        if (words.length != wanted) {
            revert IInferenceRegistry.InferenceRegistry_OutputWordsInvalid(words.length, wanted);
        }
        // There is at least one output, and a quarter of a million at most: no sum here leaves its range.
        unchecked {
            uint256 last = wanted - 1;
            for (uint256 i = 0; i < last; ++i) {
                if (words[i] >> WORD_BITS != 0) revert IInferenceRegistry.InferenceRegistry_OutputsMalformed(i);
            }
            if (words[last] >> (BITS * (count - PER_WORD * last)) != 0) {
                revert IInferenceRegistry.InferenceRegistry_OutputsMalformed(last);
            }
        }
    }

    /// @notice `count` outputs from the one at `first` on, packed anew from the lowest bits.
    function slice(uint256[] memory words, uint256 first, uint256 count) internal pure returns (uint256[] memory part) {
        part = new uint256[](wordsFor(count));
        for (uint256 i = 0; i < part.length; ++i) {
            uint256 start = first + PER_WORD * i;
            uint256 inWord = i + 1 < part.length ? PER_WORD : count - PER_WORD * i;
            uint256 index = start / PER_WORD;
            uint256 skipped = start % PER_WORD;
            uint256 value = words[index] >> (BITS * skipped);
            if (skipped + inWord > PER_WORD) value |= words[index + 1] << (BITS * (PER_WORD - skipped));
            part[i] = value & ((1 << (BITS * inWord)) - 1);
        }
    }

    /// @notice One output as the number it stands for.
    function read(uint256[] memory words, uint256 slot, bool isSigned) internal pure returns (int16) {
        int256 shown = int256((words[slot / PER_WORD] >> (BITS * (slot % PER_WORD))) & ((1 << BITS) - 1));
        return int16(isSigned ? shown - SIGNED_OFFSET : shown);
    }
}
