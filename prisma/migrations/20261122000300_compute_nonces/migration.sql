-- Nonces live for two minutes and one is written for every message of every node: without a write-ahead log they cost
-- no disk sync. What a crash forgets is no opening, because messages from before the server's start are refused.
ALTER TABLE "compute_nonce" SET UNLOGGED;
