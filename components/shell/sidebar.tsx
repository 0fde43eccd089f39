"use client";

import { PanelLeftClose, PanelLeftOpen } from "lucide-react";
import Link from "next/link";
import { usePathname } from "next/navigation";
import { lazy, Suspense } from "react";
import { buttonClass } from "../ui/button-class.ts";
import { cn } from "../ui/class-names.ts";
import { Logo, LogoMark } from "./logo.tsx";
import { isActive, type NavItem, navigationFor } from "./navigation.ts";

/** Only a collapsed sidebar needs its names told. */
const Tooltip = lazy(() => import("../ui/tooltip.tsx"));

type NavLinkProps = { item: NavItem; isCollapsed?: boolean; onNavigate?: (() => void) | undefined };

function NavLink({ item, isCollapsed = false, onNavigate }: NavLinkProps) {
  const pathname = usePathname();
  const active = isActive(pathname, item.href);
  const Icon = item.icon;
  const link = (
    <Link
      href={item.href}
      aria-current={active ? "page" : undefined}
      aria-label={isCollapsed ? item.label : undefined}
      {...(onNavigate ? { onClick: onNavigate } : {})}
      className={cn(
        "relative flex h-8 items-center gap-2.5 rounded-md text-sm transition-colors pointer-coarse:h-11",
        active ? "bg-sunken font-medium text-ink" : "text-ink-2 hover:bg-sunken hover:text-ink",
        isCollapsed ? "justify-center" : "px-2",
      )}
    >
      {active && item.mark && (
        <span aria-hidden className={cn("absolute inset-y-1.5 -left-2 w-0.5 rounded-full", item.mark)} />
      )}
      <Icon aria-hidden className="size-4 shrink-0" />
      {!isCollapsed && item.label}
    </Link>
  );
  return isCollapsed ? (
    <Suspense fallback={link}>
      <Tooltip content={item.label} side="right">
        {link}
      </Tooltip>
    </Suspense>
  ) : (
    link
  );
}

type NavListProps = { roles: readonly string[]; isCollapsed?: boolean; onNavigate?: () => void };

export function NavList({ roles, isCollapsed = false, onNavigate }: NavListProps) {
  return (
    <div className="flex flex-col gap-4">
      {navigationFor(roles).map((group) => (
        <div key={group.label ?? "home"}>
          {group.label !== null && !isCollapsed && <p className="eyebrow px-2 pb-1">{group.label}</p>}
          {group.label !== null && isCollapsed && <div aria-hidden className="mx-2 mb-2 h-px bg-line" />}
          <ul className="flex flex-col gap-0.5">
            {group.items.map((item) => (
              <li key={item.href}>
                <NavLink item={item} isCollapsed={isCollapsed} onNavigate={onNavigate} />
              </li>
            ))}
          </ul>
        </div>
      ))}
    </div>
  );
}

type SidebarProps = { roles: readonly string[]; isCollapsed: boolean; onToggle: () => void };

export function Sidebar({ roles, isCollapsed, onToggle }: SidebarProps) {
  return (
    <aside
      className={cn(
        "sticky top-0 hidden h-dvh shrink-0 flex-col border-line border-r bg-canvas transition-[width] duration-200 md:flex",
        isCollapsed ? "w-14" : "w-56",
      )}
    >
      <div className={cn("flex h-14 items-center", isCollapsed ? "justify-center" : "px-4")}>
        <Link href="/" aria-label="Converge, home" className="rounded-sm">
          {isCollapsed ? <LogoMark className="size-6" /> : <Logo />}
        </Link>
      </div>
      <nav aria-label="Main" className="scroll-thin flex-1 overflow-y-auto px-2 py-2">
        <NavList roles={roles} isCollapsed={isCollapsed} />
      </nav>
      <div className={cn("flex px-2 py-2", isCollapsed ? "justify-center" : "justify-end")}>
        <button
          type="button"
          onClick={onToggle}
          aria-expanded={!isCollapsed}
          aria-label={isCollapsed ? "Expand the sidebar" : "Collapse the sidebar"}
          className={buttonClass({ variant: "ghost", size: "icon" })}
        >
          {isCollapsed ? <PanelLeftOpen aria-hidden /> : <PanelLeftClose aria-hidden />}
        </button>
      </div>
    </aside>
  );
}
