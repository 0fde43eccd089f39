import Link from "next/link";
import { Logo } from "../shell/logo.tsx";
import { NetworkBadge } from "../shell/network-badge.tsx";
import { ThemeToggle } from "../theme/theme-toggle.tsx";
import { buttonClass } from "../ui/button-class.ts";

const LINKS = [
  { href: "/tour", label: "Tour" },
  { href: "/docs", label: "Docs" },
] as const;

type Props = { chainId: number; isDevelopment: boolean; isSignedIn: boolean };

export function SiteHeader({ chainId, isDevelopment, isSignedIn }: Props) {
  return (
    <header className="border-line border-b">
      <div className="mx-auto flex h-14 max-w-6xl items-center gap-2 px-4 md:gap-4 md:px-6">
        <Link href="/" aria-label="Converge, home" className="rounded-sm">
          <Logo />
        </Link>
        <nav aria-label="Site" className="ml-2 hidden items-center gap-1 sm:flex">
          {LINKS.map((link) => (
            <Link key={link.href} href={link.href} className={buttonClass({ variant: "ghost", size: "sm" })}>
              {link.label}
            </Link>
          ))}
        </nav>
        <div className="ml-auto flex items-center gap-2">
          {isDevelopment && <NetworkBadge chainId={chainId} />}
          <ThemeToggle />
          {isSignedIn ? (
            <Link href="/overview" className={buttonClass()}>
              Console
            </Link>
          ) : (
            <Link href="/sign-in" className={buttonClass()}>
              Sign in
            </Link>
          )}
        </div>
      </div>
    </header>
  );
}
