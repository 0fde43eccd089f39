import { KeyRound } from "lucide-react";
import Link from "next/link";
import { buttonClass } from "../ui/button-class.ts";

/** An agent belongs to somebody who can sign; until then there is nothing to create. */
export function OwnerNeeded() {
  return (
    <div className="flex flex-wrap items-center gap-3 rounded-md bg-warn-soft px-4 py-3 text-sm">
      <KeyRound aria-hidden className="size-4 shrink-0 text-warn" />
      <p className="min-w-0 flex-1">
        An agent is owned by your passkey or wallet, and you have none yet. Adding a passkey takes a few seconds.
      </p>
      <Link href="/settings" className={buttonClass({ size: "sm" })}>
        Add a passkey
      </Link>
    </div>
  );
}
