"use client";

import { LogOut, Settings, WalletMinimal } from "lucide-react";
import Link from "next/link";
import { Menu, MenuGroup, MenuItem, MenuLabel, MenuLinkItem, MenuSeparator } from "../ui/menu.tsx";
import type { Popup } from "../ui/opener.tsx";
import type { ShellUser } from "./user-menu.tsx";

export default function UserMenuPopup({ user, ...popup }: Popup & { user: ShellUser }) {
  return (
    <Menu {...popup}>
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
