"use client";

import { Dialog } from "@base-ui/react/dialog";
import { Command } from "cmdk";
import { BookOpen, BookUser, FileCode, Hash, Moon, Play, Sun } from "lucide-react";
import { useRouter } from "next/navigation";
import { type ReactNode, useState } from "react";
import { setTheme, useIsDark } from "../theme/theme.ts";
import { backdropClass } from "../ui/dialog.tsx";
import { Kbd } from "../ui/kbd.tsx";
import { navigationFor } from "./navigation.ts";
import { objectHref } from "./object-href.ts";

const itemClass =
  "flex h-9 cursor-default items-center gap-2.5 rounded-md px-2 text-sm outline-none aria-selected:bg-sunken pointer-coarse:h-11 [&_svg]:size-4 [&_svg]:text-ink-3";
const groupClass =
  "[&_[cmdk-group-heading]]:px-2 [&_[cmdk-group-heading]]:py-1.5 [&_[cmdk-group-heading]]:text-ink-3 [&_[cmdk-group-heading]]:text-xs";

type Props = { open: boolean; onOpenChange: (open: boolean) => void; roles: readonly string[] };

export default function CommandPalette({ open, onOpenChange, roles }: Props) {
  const router = useRouter();
  const isDark = useIsDark();
  const [search, setSearch] = useState("");
  const target = objectHref(search.trim());

  const run = (action: () => void) => {
    onOpenChange(false);
    setSearch("");
    action();
  };
  const item = (label: string, icon: ReactNode, action: () => void, hint?: ReactNode) => (
    <Command.Item key={label} value={label} onSelect={() => run(action)} className={itemClass}>
      {icon}
      <span className="flex-1">{label}</span>
      {hint}
    </Command.Item>
  );

  return (
    <Dialog.Root open={open} onOpenChange={(next) => onOpenChange(next)}>
      <Dialog.Portal>
        <Dialog.Backdrop className={backdropClass} />
        <Dialog.Popup className="fixed top-[12dvh] left-1/2 z-50 w-[calc(100vw-32px)] max-w-xl -translate-x-1/2 overflow-hidden rounded-md bg-surface shadow-overlay outline-none transition-opacity duration-100 data-ending-style:opacity-0 data-starting-style:opacity-0">
          <Dialog.Title className="sr-only">Search and commands</Dialog.Title>
          <Command label="Search and commands" loop>
            <Command.Input
              value={search}
              onValueChange={setSearch}
              placeholder="Go to a page, or paste an identifier"
              className="h-12 w-full border-line border-b bg-surface px-4 text-lg outline-none placeholder:text-ink-3 md:text-base"
            />
            <Command.List className="scroll-thin max-h-[min(60dvh,420px)] overflow-y-auto p-2">
              <Command.Empty className="px-2 py-6 text-center text-ink-3 text-sm">
                Nothing by that name. Identifiers start with agt_, prf_, inf_ or rcp_.
              </Command.Empty>
              {target !== null && (
                <Command.Group heading="Object" className={groupClass} forceMount>
                  <Command.Item
                    forceMount
                    value={search}
                    onSelect={() => run(() => router.push(target))}
                    className={itemClass}
                  >
                    <Hash aria-hidden />
                    <span className="truncate font-mono">{search.trim()}</span>
                  </Command.Item>
                </Command.Group>
              )}
              <Command.Group heading="Pages" className={groupClass}>
                {navigationFor(roles)
                  .flatMap((group) => group.items)
                  .map((page) =>
                    item(
                      page.label,
                      <page.icon aria-hidden />,
                      () => router.push(page.href),
                      <span className="hidden gap-1 sm:flex">
                        <Kbd>G</Kbd>
                        <Kbd>{page.key.toUpperCase()}</Kbd>
                      </span>,
                    ),
                  )}
              </Command.Group>
              <Command.Group heading="More" className={groupClass}>
                {item("Addresses", <BookUser aria-hidden />, () => router.push("/agents/addresses"))}
                {item("Tour", <Play aria-hidden />, () => router.push("/tour"))}
                {item("Documentation", <BookOpen aria-hidden />, () => router.push("/docs"))}
                {item("API reference", <FileCode aria-hidden />, () => router.push("/docs/api"))}
                {isDark
                  ? item("Light theme", <Sun aria-hidden />, () => setTheme("light"))
                  : item("Dark theme", <Moon aria-hidden />, () => setTheme("dark"))}
              </Command.Group>
            </Command.List>
          </Command>
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
