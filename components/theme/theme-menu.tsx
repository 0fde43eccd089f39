"use client";

import { Monitor, Moon, Sun } from "lucide-react";
import { useTheme } from "next-themes";
import { Menu, MenuRadioGroup, MenuRadioItem } from "../ui/menu.tsx";
import type { Popup } from "../ui/opener.tsx";

export default function ThemeMenu(popup: Popup) {
  const { theme, setTheme } = useTheme();
  return (
    <Menu {...popup}>
      <MenuRadioGroup value={theme ?? "system"} onValueChange={(value: string) => setTheme(value)}>
        <MenuRadioItem value="light">
          <Sun aria-hidden /> Light
        </MenuRadioItem>
        <MenuRadioItem value="dark">
          <Moon aria-hidden /> Dark
        </MenuRadioItem>
        <MenuRadioItem value="system">
          <Monitor aria-hidden /> System
        </MenuRadioItem>
      </MenuRadioGroup>
    </Menu>
  );
}
