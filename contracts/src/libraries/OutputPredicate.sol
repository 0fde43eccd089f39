// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IInferenceRegistry} from "../interfaces/IInferenceRegistry.sol";

/// @title OutputPredicate
/// @notice What a contract may demand of one output of an inference, of any version of a model that is not retired.
library OutputPredicate {
    function atLeast(uint16 slot, int16 low) internal pure returns (IInferenceRegistry.Predicate memory) {
        return within(slot, low, type(int16).max);
    }

    function atMost(uint16 slot, int16 high) internal pure returns (IInferenceRegistry.Predicate memory) {
        return within(slot, type(int16).min, high);
    }

    function equal(uint16 slot, int16 value) internal pure returns (IInferenceRegistry.Predicate memory) {
        return within(slot, value, value);
    }

    /// @notice From `low` to `high`, both included.
    function within(uint16 slot, int16 low, int16 high) internal pure returns (IInferenceRegistry.Predicate memory) {
        return IInferenceRegistry.Predicate({version: 0, slot: slot, low: low, high: high});
    }

    /// @notice The same of one version of the weights alone, whatever versions their owner adds.
    function ofVersion(IInferenceRegistry.Predicate memory predicate, uint16 version)
        internal
        pure
        returns (IInferenceRegistry.Predicate memory)
    {
        predicate.version = version;
        return predicate;
    }
}
