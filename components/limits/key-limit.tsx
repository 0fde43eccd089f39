"use client";

import { useQuery } from "@tanstack/react-query";
import { every } from "../api/every.ts";
import { useTRPC } from "../api/trpc.ts";
import { LimitMeter, LimitTerms } from "./limit-meter.tsx";

/** The limits on one key, in its row. */
export default function KeyLimit({ apiKeyId }: { apiKeyId: string }) {
  const trpc = useTRPC();
  const query = useQuery(trpc.cap.list.queryOptions(undefined, { refetchInterval: every(5_000) }));
  const caps = query.data?.data.filter(({ covers }) => covers?.kind === "api-key" && covers.id === apiKeyId);
  if (caps === undefined) return null;
  if (caps.length === 0) return <span className="text-ink-3">None</span>;
  return (
    <ul className="flex flex-col gap-2">
      {caps.map((cap) => (
        <li key={cap.id}>
          <LimitTerms cap={cap} />
          <LimitMeter cap={cap} label="Used of the key’s limit" />
        </li>
      ))}
    </ul>
  );
}
