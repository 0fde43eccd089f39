"use client";

import { Monitor, Moon, Sun } from "lucide-react";
import { useTheme } from "next-themes";
import { useEffect, useState } from "react";
import { buttonClass } from "../ui/button-class.ts";
import { Menu, MenuRadioGroup, MenuRadioItem } from "../ui/menu.tsx";

export function ThemeSwitch() {
  const { theme, setTheme, resolvedTheme } = useTheme();
  const [isMounted, setIsMounted] = useState(false);
  useEffect(() => setIsMounted(true), []);
  const Icon = isMounted && resolvedTheme === "dark" ? Moon : Sun;
  return (
    <Menu
      trigger={
        <button type="button" aria-label="Theme" className={buttonClass({ variant: "ghost", size: "icon" })}>
          <Icon aria-hidden />
        </button>
      }
    >
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
