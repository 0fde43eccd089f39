"use client";

import { Monitor, Moon, Sun } from "lucide-react";
import { Menu, MenuRadioGroup, MenuRadioItem } from "../ui/menu.tsx";
import type { Popup } from "../ui/opener.tsx";
import { setTheme, type Theme, useTheme } from "./theme.ts";

export default function ThemeMenu(popup: Popup) {
  const theme = useTheme();
  return (
    <Menu {...popup}>
      <MenuRadioGroup value={theme} onValueChange={(value: Theme) => setTheme(value)}>
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
