import { TriangleAlert } from "lucide-react";
import type { NamedAddress } from "#core/schemas/address.ts";
import { shorten } from "../ui/identifier.tsx";

/** Said where somebody is about to use an address that only looks like one they know. */
export function LookalikeWarning({ address, known }: { address: string; known: NamedAddress }) {
  return (
    <span role="alert" className="flex items-start gap-1.5 text-warn text-xs">
      <TriangleAlert aria-hidden className="mt-0.5 size-3.5 shrink-0" />
      <span>
        <code className="font-mono">{shorten(address)}</code> is not {known.name}: it begins and ends alike and is
        another address. Such addresses are made to be mistaken. Compare all of it with{" "}
        <code className="break-all font-mono">{known.address}</code>.
      </span>
    </span>
  );
}
