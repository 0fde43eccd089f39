import {
  BadgeCheck,
  Bot,
  CodeXml,
  Cpu,
  Gauge,
  LayoutDashboard,
  type LucideIcon,
  Settings,
  Sprout,
  WalletMinimal,
} from "lucide-react";

export type NavItem = { href: string; label: string; icon: LucideIcon; mark?: string; key: string };

const HOME: NavItem = { href: "/overview", label: "Overview", icon: LayoutDashboard, key: "o" };

/** The four pillars; the mark is the only place where a pillar's colour appears as a fill. */
export const PILLARS: readonly NavItem[] = [
  { href: "/compute", label: "Compute", icon: Cpu, mark: "bg-compute", key: "c" },
  { href: "/agents", label: "Agents", icon: Bot, mark: "bg-agents", key: "a" },
  { href: "/proofs", label: "Proofs", icon: BadgeCheck, mark: "bg-proofs", key: "p" },
  { href: "/rewards", label: "Rewards", icon: Sprout, mark: "bg-rewards", key: "r" },
];

const ACCOUNT: readonly NavItem[] = [
  { href: "/balance", label: "Balance", icon: WalletMinimal, key: "b" },
  { href: "/developers", label: "Developers", icon: CodeXml, key: "d" },
  { href: "/settings", label: "Settings", icon: Settings, key: "s" },
];

const ADMIN: NavItem = { href: "/admin", label: "Admin", icon: Gauge, key: "m" };

export type NavGroup = { label: string | null; items: readonly NavItem[] };

export function navigationFor(roles: readonly string[]): readonly NavGroup[] {
  return [
    { label: null, items: [HOME] },
    { label: "Pillars", items: PILLARS },
    { label: "Account", items: ACCOUNT },
    ...(roles.includes("admin") ? [{ label: "Platform", items: [ADMIN] }] : []),
  ];
}

/** What fits under a thumb; everything else is one tap further, in the menu. */
export const PHONE_ITEMS: readonly NavItem[] = [HOME, ...PILLARS.filter((item) => item.href !== "/proofs")];

export const isActive = (pathname: string, href: string): boolean =>
  pathname === href || pathname.startsWith(`${href}/`);
