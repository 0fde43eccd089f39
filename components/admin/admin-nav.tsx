import Link from "next/link";

const PAGES = [
  { href: "/admin", label: "Overview" },
  { href: "/admin/nodes", label: "Nodes" },
  { href: "/admin/agents", label: "Agents" },
  { href: "/admin/templates", label: "Templates" },
  { href: "/admin/ledger", label: "Ledger" },
  { href: "/admin/reconciliation", label: "Reconciliation" },
  { href: "/admin/adjustments", label: "Adjustments" },
] as const;

/** The pages of the back office, with the one that is open marked. */
export function AdminNav({ current }: { current: (typeof PAGES)[number]["href"] }) {
  return (
    <nav aria-label="Back office" className="scroll-thin mb-6 flex gap-4 overflow-x-auto border-line border-b">
      {PAGES.map(({ href, label }) => (
        <Link
          key={href}
          href={href}
          aria-current={href === current ? "page" : undefined}
          className="-mb-px flex h-9 shrink-0 items-center border-transparent border-b-2 font-medium text-ink-3 text-sm hover:text-ink focus-visible:outline-offset-[-2px] aria-[current=page]:border-ink aria-[current=page]:text-ink pointer-coarse:h-11"
        >
          {label}
        </Link>
      ))}
    </nav>
  );
}
