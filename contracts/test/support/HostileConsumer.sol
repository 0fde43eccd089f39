// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IInferenceRegistry} from "../../src/interfaces/IInferenceRegistry.sol";
import {OutputPredicate} from "../../src/libraries/OutputPredicate.sol";

/// @dev A consumer that comes back from within its own action to act on the same inference again.
contract HostileConsumer {
    IInferenceRegistry private immutable _registry;
    bytes32 private immutable _modelId;
    uint256 public actions;

    constructor(IInferenceRegistry registry, bytes32 modelId) {
        _registry = registry;
        _modelId = modelId;
    }

    function act(bytes calldata ref, uint256 depth) external {
        try _registry.requireInference(ref, _modelId, OutputPredicate.atLeast(0, 0), 60) {
            ++actions;
        } catch {}
        if (depth > 1) this.act(ref, depth - 1);
    }
}
