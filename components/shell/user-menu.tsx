"use client";

import { LogOut, Settings, WalletMinimal } from "lucide-react";
import Link from "next/link";
import { Menu, MenuGroup, MenuItem, MenuLabel, MenuLinkItem, MenuSeparator } from "../ui/menu.tsx";

export type ShellUser = { id: string; name: string; roles: readonly string[] };

const initials = (name: string): string =>
  name
    .split(/\s+/)
    .slice(0, 2)
    .map((word) => word.charAt(0).toUpperCase())
    .join("");

export function UserMenu({ user }: { user: ShellUser }) {
  return (
    <Menu
      trigger={
        <button
          type="button"
          className="inline-flex size-8 shrink-0 items-center justify-center rounded-full border border-line bg-surface font-medium text-ink-2 text-xs hover:border-line-strong pointer-coarse:size-10"
        >
          {initials(user.name)}
          <span className="sr-only">, account of {user.name}</span>
        </button>
      }
    >
      <MenuGroup>
        <MenuLabel>
          <span className="block font-medium text-ink text-sm">{user.name}</span>
          <span className="block">{user.roles.join(", ")}</span>
        </MenuLabel>
      </MenuGroup>
      <MenuSeparator />
      <MenuLinkItem render={<Link href="/balance" />}>
        <WalletMinimal aria-hidden /> Balance
      </MenuLinkItem>
      <MenuLinkItem render={<Link href="/settings" />}>
        <Settings aria-hidden /> Settings
      </MenuLinkItem>
      <MenuSeparator />
      <MenuItem onClick={() => void import("next-auth/react").then(({ signOut }) => signOut({ callbackUrl: "/" }))}>
        <LogOut aria-hidden /> Sign out
      </MenuItem>
    </Menu>
  );
}
