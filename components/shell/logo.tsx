/** Four strands that converge into one line: a pillar each, one ledger. */
export function LogoMark({ className }: { className?: string }) {
  return (
    <svg viewBox="0 0 24 24" fill="none" strokeWidth="2" strokeLinecap="round" aria-hidden="true" className={className}>
      <path d="M2 3C9 3 9.5 12 15 12" stroke="var(--compute)" />
      <path d="M2 9C7 9 9 12 15 12" stroke="var(--agents)" />
      <path d="M2 15c5 0 7-3 13-3" stroke="var(--proofs)" />
      <path d="M2 21c7 0 7.5-9 13-9" stroke="var(--rewards)" />
      <path d="M15 12h7" stroke="currentColor" />
    </svg>
  );
}

export function Logo() {
  return (
    <span className="inline-flex items-center gap-2">
      <LogoMark className="size-6 shrink-0" />
      <span className="font-semibold text-lg tracking-tight">Converge</span>
    </span>
  );
}
