import Link from "next/link";
import { LogoMark } from "../shell/logo.tsx";

const LINKS = [
  { href: "/tour", label: "Tour" },
  { href: "/docs", label: "Documentation" },
  { href: "/docs/api", label: "API reference" },
  { href: "/feed", label: "Earn" },
  { href: "/verify/balance", label: "Verify a balance" },
  { href: "/api/health/ready", label: "Health" },
] as const;

export function SiteFooter() {
  return (
    <footer className="border-line border-t">
      <div className="mx-auto flex max-w-6xl flex-wrap items-center gap-x-6 gap-y-3 px-4 py-6 text-ink-3 text-sm md:px-6">
        <span className="flex items-center gap-2">
          <LogoMark className="size-5" /> Converge, open source under MIT
        </span>
        <nav aria-label="More" className="flex flex-wrap gap-x-5 gap-y-2 md:ml-auto">
          {LINKS.map((link) => (
            <Link key={link.href} href={link.href} prefetch={false} className="rounded-sm py-1 hover:text-ink">
              {link.label}
            </Link>
          ))}
        </nav>
      </div>
    </footer>
  );
}
