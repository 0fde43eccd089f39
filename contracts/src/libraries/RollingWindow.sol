// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @title RollingWindow
/// @notice Adds up amounts over a trailing window in bounded storage.
/// @dev Time is cut into buckets of a 24th of the window. The current bucket and the 24 before it count, which always
/// covers the whole trailing window: an amount is forgotten up to one bucket late and never early.
library RollingWindow {
    uint256 internal constant BUCKETS = 24;
    uint256 private constant RING = BUCKETS + 1;

    /// @dev A bucket counts only when index and generation match, so a stale one needs no clearing.
    struct Bucket {
        uint64 index;
        uint32 generation;
        uint128 amount;
    }

    struct Window {
        uint32 bucketSeconds;
        uint32 generation;
        uint64 head;
        uint128 total;
        Bucket[RING] ring;
    }

    /// @notice Sets the window's length. What counted before goes on counting; when the length of a bucket changes, as if
    /// it had been added now.
    function resize(Window storage self, uint32 windowSeconds) internal {
        resizeAt(self, windowSeconds, block.timestamp);
    }

    /// @notice The same as of a given time, for code that may not ask what time it is.
    function resizeAt(Window storage self, uint32 windowSeconds, uint256 time) internal {
        uint32 bucketSeconds = uint32((uint256(windowSeconds) + BUCKETS - 1) / BUCKETS);
        if (bucketSeconds == self.bucketSeconds) return;

        uint128 carried = sumAt(self, time);
        uint64 index = uint64(time / bucketSeconds);
        uint32 generation = self.generation + 1;
        self.bucketSeconds = bucketSeconds;
        self.generation = generation;
        self.head = index;
        self.total = carried;
        self.ring[index % RING] = Bucket({index: index, generation: generation, amount: carried});
    }

    /// @notice What counts now.
    function sum(Window storage self) internal view returns (uint128) {
        if (self.bucketSeconds == 0) return 0;
        return _sumAt(self, uint64(block.timestamp / self.bucketSeconds));
    }

    /// @notice What counts at a time; at an earlier one than that of the newest amount, what counted with that one.
    function sumAt(Window storage self, uint256 time) internal view returns (uint128) {
        if (self.bucketSeconds == 0) return 0;
        return _sumAt(self, _indexAt(self, time));
    }

    /// @notice Adds an amount now and returns what then counts.
    function add(Window storage self, uint128 amount) internal returns (uint128 total) {
        return _add(self, amount, uint64(block.timestamp / self.bucketSeconds));
    }

    /// @notice Adds an amount as of a time, or as of the newest one added if that is later; also returns its bucket.
    function addAt(Window storage self, uint128 amount, uint256 time) internal returns (uint128 total, uint64 index) {
        index = _indexAt(self, time);
        total = _add(self, amount, index);
    }

    /// @notice Takes back a part of what was added to a bucket, which must still count.
    function subtract(Window storage self, uint128 amount, uint64 index) internal {
        self.ring[index % RING].amount -= amount;
        self.total -= amount;
    }

    function _add(Window storage self, uint128 amount, uint64 index) private returns (uint128 total) {
        uint32 generation = self.generation;
        total = _sumAt(self, index) + amount;

        Bucket storage bucket = self.ring[index % RING];
        bool isCurrent = bucket.index == index && bucket.generation == generation;
        uint128 before = isCurrent ? bucket.amount : 0;
        self.ring[index % RING] = Bucket({index: index, generation: generation, amount: before + amount});
        self.head = index;
        self.total = total;
    }

    function _indexAt(Window storage self, uint256 time) private view returns (uint64 index) {
        index = uint64(time / self.bucketSeconds);
        if (index < self.head) index = self.head;
    }

    function _sumAt(Window storage self, uint64 index) private view returns (uint128 total) {
        total = self.total;
        uint64 head = self.head;
        if (total == 0 || index == head) return total;
        if (index - head >= RING) return 0;

        // Each new bucket takes the ring place of the one that leaves the window as it enters.
        uint32 generation = self.generation;
        for (uint64 entering = head + 1; entering <= index; ++entering) {
            Bucket storage leaving = self.ring[entering % RING];
            if (leaving.generation == generation && leaving.index + RING == entering) total -= leaving.amount;
        }
    }
}
