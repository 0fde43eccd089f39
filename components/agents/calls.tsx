import { Badge } from "../ui/badge.tsx";
import { Identifier } from "../ui/identifier.tsx";
import { readCall } from "./read-call.ts";

type Call = { target: string; value: string; data: string };

/** The calls of a batch as their bytes say. */
export function Calls({ calls }: { calls: readonly Call[] }) {
  return (
    <ol className="flex flex-col gap-2">
      {calls.map((call, index) => {
        const { name, values } = readCall(call.data);
        return (
          // biome-ignore lint/suspicious/noArrayIndexKey: a batch never changes
          <li key={index} className="rounded-md border border-line p-3 text-sm">
            <span className="flex flex-wrap items-center gap-x-2 gap-y-1">
              <span className="font-medium">{name}</span>
              <span className="text-ink-3">on</span> <Identifier value={call.target} label="target" />
              {call.value !== "0" && <Badge tone="outline">{call.value} wei</Badge>}
            </span>
            {values.map((value) => (
              <code key={value} className="block break-all font-mono text-ink-2 text-xs">
                {value}
              </code>
            ))}
          </li>
        );
      })}
    </ol>
  );
}
