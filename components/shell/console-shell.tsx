"use client";

import { Search } from "lucide-react";
import Link from "next/link";
import { usePathname } from "next/navigation";
import { lazy, type ReactNode, Suspense, useCallback, useState } from "react";
import { ThemeSwitch } from "../theme/theme-switch.tsx";
import { Breadcrumbs } from "../ui/breadcrumbs.tsx";
import { Kbd } from "../ui/kbd.tsx";
import { crumbsOf } from "./crumbs-of.ts";
import { LogoMark } from "./logo.tsx";
import { PhoneNavigation } from "./phone-navigation.tsx";
import { Sidebar } from "./sidebar.tsx";
import { SIDEBAR_COOKIE } from "./sidebar-cookie.ts";
import { SkipLink } from "./skip-link.tsx";
import { useShortcuts } from "./use-shortcuts.ts";
import { type ShellUser, UserMenu } from "./user-menu.tsx";

const CommandPalette = lazy(() => import("./command-palette.tsx"));

type Props = {
  user: ShellUser;
  /** Which network this is, drawn by the server. */
  badge: ReactNode;
  isInitiallyCollapsed: boolean;
  children: ReactNode;
};

/** The frame around every signed-in page. */
export function ConsoleShell({ user, badge, isInitiallyCollapsed, children }: Props) {
  const pathname = usePathname();
  const [isCollapsed, setIsCollapsed] = useState(isInitiallyCollapsed);
  const [isPaletteOpen, setIsPaletteOpen] = useState(false);
  const [wasPaletteOpened, setWasPaletteOpened] = useState(false);

  const openPalette = useCallback(() => {
    setWasPaletteOpened(true);
    setIsPaletteOpen(true);
  }, []);
  useShortcuts(user.roles, openPalette);

  const toggle = () => {
    // A cookie, so that the server renders the right width and nothing jumps.
    // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API is not in every browser yet.
    document.cookie = `${SIDEBAR_COOKIE}=${isCollapsed ? "open" : "collapsed"}; path=/; max-age=31536000; samesite=lax`;
    setIsCollapsed(!isCollapsed);
  };

  return (
    <>
      <SkipLink />
      <div className="flex min-h-dvh">
        <Sidebar roles={user.roles} isCollapsed={isCollapsed} onToggle={toggle} />
        <div className="flex min-w-0 flex-1 flex-col pb-[calc(56px+env(safe-area-inset-bottom))] md:pb-0">
          <header className="sticky top-0 z-20 flex h-14 items-center gap-2 border-line border-b bg-canvas px-4 md:px-6">
            <Link href="/overview" aria-label="Overview" className="shrink-0 rounded-sm md:hidden">
              <LogoMark className="size-6" />
            </Link>
            <div className="min-w-0 flex-1">
              <Breadcrumbs crumbs={crumbsOf(pathname)} />
            </div>
            <button
              type="button"
              onClick={openPalette}
              className="inline-flex size-8 items-center justify-center gap-2 rounded-md text-ink-3 text-sm hover:text-ink lg:w-56 lg:justify-start lg:border lg:border-line lg:bg-surface lg:px-2 lg:hover:border-line-strong pointer-coarse:h-11"
            >
              <Search aria-hidden className="size-4" />
              <span className="sr-only lg:not-sr-only lg:flex-1 lg:text-left">Search</span>
              <span aria-hidden className="hidden lg:inline">
                <Kbd>⌘K</Kbd>
              </span>
            </button>
            {badge}
            <ThemeSwitch />
            <UserMenu user={user} />
          </header>
          <main
            id="main"
            tabIndex={-1}
            className="mx-auto w-full max-w-6xl flex-1 px-4 py-6 outline-none md:px-6 md:py-8"
          >
            {children}
          </main>
        </div>
      </div>
      <PhoneNavigation roles={user.roles} />
      {wasPaletteOpened && (
        <Suspense fallback={null}>
          <CommandPalette open={isPaletteOpen} onOpenChange={setIsPaletteOpen} roles={user.roles} />
        </Suspense>
      )}
    </>
  );
}
