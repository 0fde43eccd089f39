"use client";

import { Menu as MenuIcon } from "lucide-react";
import Link from "next/link";
import { usePathname } from "next/navigation";
import { lazy } from "react";
import { cn } from "../ui/class-names.ts";
import { Opener } from "../ui/opener.tsx";
import { isActive, PHONE_ITEMS } from "./navigation.ts";
import { NavList } from "./sidebar.tsx";

const Drawer = lazy(() => import("../ui/drawer.tsx"));

const tabClass = "relative flex h-14 w-full flex-col items-center justify-center gap-1 text-xs transition-colors";

/** The bar under a thumb; everything beyond the four most used places is behind "More". */
export function PhoneNavigation({ roles }: { roles: readonly string[] }) {
  const pathname = usePathname();
  return (
    <nav
      aria-label="Main"
      className="fixed inset-x-0 bottom-0 z-30 border-line border-t bg-canvas pb-[env(safe-area-inset-bottom)] md:hidden"
    >
      <ul className="grid grid-cols-5">
        {PHONE_ITEMS.map((item) => {
          const active = isActive(pathname, item.href);
          const Icon = item.icon;
          return (
            <li key={item.href}>
              <Link
                href={item.href}
                aria-current={active ? "page" : undefined}
                className={cn(tabClass, active ? "font-medium text-ink" : "text-ink-3")}
              >
                {active && (
                  <span
                    aria-hidden
                    className={cn("absolute inset-x-6 top-0 h-0.5 rounded-full", item.mark ?? "bg-ink")}
                  />
                )}
                <Icon aria-hidden className="size-5" />
                {item.label}
              </Link>
            </li>
          );
        })}
        <li>
          <Opener
            trigger={
              <button type="button" className={cn(tabClass, "text-ink-3")}>
                <MenuIcon aria-hidden className="size-5" />
                More
              </button>
            }
          >
            {(popup) => (
              <Drawer {...popup} side="left" title="Menu">
                <nav aria-label="All pages" className="px-4 py-2">
                  <NavList roles={roles} onNavigate={() => popup.onOpenChange(false)} />
                </nav>
              </Drawer>
            )}
          </Opener>
        </li>
      </ul>
    </nav>
  );
}
