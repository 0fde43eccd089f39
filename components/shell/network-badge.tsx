import { FlaskConical } from "lucide-react";

/** Nobody may mistake play money for money. */
export function NetworkBadge({ chainId }: { chainId: number }) {
  return (
    <span
      title={`Chain ${chainId}: every amount here is test money`}
      className="inline-flex h-6 items-center gap-1.5 whitespace-nowrap rounded-sm border border-line-strong/50 border-dashed px-2 text-ink-2 text-xs"
    >
      <FlaskConical aria-hidden className="size-3" />
      <span className="hidden sm:inline">Development network</span>
      <span className="sm:hidden">Dev</span>
    </span>
  );
}
