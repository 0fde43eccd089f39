"use client";

import { lazy } from "react";
import { Opener } from "../ui/opener.tsx";

const UserMenuPopup = lazy(() => import("./user-menu-popup.tsx"));

export type ShellUser = { id: string; name: string; roles: readonly string[] };

const initials = (name: string): string =>
  name
    .split(/\s+/)
    .slice(0, 2)
    .map((word) => word.charAt(0).toUpperCase())
    .join("");

export function UserMenu({ user }: { user: ShellUser }) {
  return (
    <Opener
      kind="menu"
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
      {(popup) => <UserMenuPopup {...popup} user={user} />}
    </Opener>
  );
}
