import Link from "next/link";
import { shorten } from "../ui/identifier.tsx";

/** A shard has no page of its own: it is shown with its account. */
export const ledgerHref = (id: string): string =>
  id.startsWith("adj_")
    ? `/admin/adjustments?id=${id}`
    : `/admin/ledger?at=${encodeURIComponent(id.replace(/\/\d+$/, ""))}`;

/** Of an account's code the room stays whole, and the ends of whose it is. */
function textOf(id: string): string {
  const room = id.slice(0, id.indexOf(":") + 1);
  return room === "" ? shorten(id, 10, 6) : room + shorten(id.slice(room.length), 10, 4);
}

/** An account, a transfer, a reservation or a batch: its name leads to it. */
export function LedgerId({ id, isFull = false }: { id: string; isFull?: boolean }) {
  return (
    <Link
      href={ledgerHref(id)}
      title={id}
      className={`rounded-sm font-mono text-sm underline decoration-line-strong underline-offset-4 hover:decoration-ink ${isFull ? "break-all" : "whitespace-nowrap"}`}
    >
      {isFull ? id : textOf(id)}
    </Link>
  );
}
