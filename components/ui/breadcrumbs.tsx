import { ChevronRight } from "lucide-react";
import Link from "next/link";

export type Crumb = { label: string; href?: string };

export function Breadcrumbs({ crumbs }: { crumbs: readonly Crumb[] }) {
  return (
    <nav aria-label="Breadcrumb" className="min-w-0">
      <ol className="flex min-w-0 items-center gap-1 text-sm">
        {crumbs.map((crumb, index) => {
          const isLast = index === crumbs.length - 1;
          return (
            <li
              key={`${crumb.href ?? ""}${crumb.label}`}
              className={isLast ? "flex min-w-0 items-center gap-1" : "flex items-center gap-1"}
            >
              {index > 0 && <ChevronRight aria-hidden className="size-3.5 shrink-0 text-ink-3" />}
              {isLast || crumb.href === undefined ? (
                <span
                  aria-current={isLast ? "page" : undefined}
                  className={isLast ? "truncate font-medium" : "text-ink-2"}
                >
                  {crumb.label}
                </span>
              ) : (
                <Link href={crumb.href} className="rounded-sm text-ink-2 hover:text-ink">
                  {crumb.label}
                </Link>
              )}
            </li>
          );
        })}
      </ol>
    </nav>
  );
}
