import type { Metadata } from "next";
import { cookies, headers } from "next/headers";
import { redirect } from "next/navigation";
import type { ReactNode } from "react";
import { ApiProvider } from "#components/api/api-provider.tsx";
import { ConsoleShell } from "#components/shell/console-shell.tsx";
import { NetworkBadge } from "#components/shell/network-badge.tsx";
import { SIDEBAR_COOKIE } from "#components/shell/sidebar-cookie.ts";
import { network } from "#server/api/network.ts";
import { currentPerson } from "#server/identity/current-person.ts";

export const metadata: Metadata = { robots: { index: false } };

/** Back to where they wanted to go, once they have signed in. */
function signInPath(wanted: string | null): string {
  if (wanted === null) return "/sign-in";
  const url = new URL(wanted, "http://here");
  url.searchParams.delete("_rsc");
  return `/sign-in?next=${encodeURIComponent(url.pathname + url.search)}`;
}

export default async function ConsoleLayout({ children }: { children: ReactNode }) {
  const person = await currentPerson();
  if (!person) redirect(signInPath((await headers()).get("x-converge-path")));
  const isCollapsed = (await cookies()).get(SIDEBAR_COOKIE)?.value === "collapsed";
  return (
    <ApiProvider>
      <ConsoleShell
        user={{ id: person.userId, name: person.name, roles: person.roles }}
        badge={network.isDevelopment && <NetworkBadge chainId={network.chainId} />}
        isInitiallyCollapsed={isCollapsed}
      >
        {children}
      </ConsoleShell>
    </ApiProvider>
  );
}
