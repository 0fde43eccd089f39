/** Waiting times of the compute pillar, in milliseconds. Tests pass shorter ones. */
export const TIMING = {
  heartbeatEveryMs: 5_000,
  /** A node that was silent this long is offline. */
  nodeOfflineAfterMs: 16_000,
  /** A node has this long to take up work it was given. */
  acceptMs: 4_000,
  /** Nodes at work say so every second; after this much silence another node goes on. */
  silenceMs: 5_000,
  /** The longest wait for the first piece of an answer. */
  firstTokenMs: 60_000,
  /** The longest an answer may take in all; its reservation expires later than that. */
  answerMs: 600_000,
  reservationMs: 900_000,
} as const;

export type Timing = { [K in keyof typeof TIMING]: number };
