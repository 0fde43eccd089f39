import { isTrustReason, type NodeTrust, TRUST_REASONS } from "#core/schemas/trust.ts";
import { StatusWord, type StatusWords } from "../ui/badge.tsx";

const WORDS: StatusWords<NodeTrust> = {
  new: ["idle", "Not verified"],
  verified: ["ok", "Verified"],
  suspended: ["warn", "Suspended"],
  banned: ["bad", "Banned"],
};

export const NodeTrustStatus = ({ trust }: { trust: NodeTrust }) => <StatusWord words={WORDS} status={trust} />;

/** Why a node is not trusted, as a sentence; null where nothing speaks against it. */
export const trustSentence = (reason: string | null): string | null =>
  reason === null ? null : isTrustReason(reason) ? TRUST_REASONS[reason] : reason;
