import { ChevronRight } from "lucide-react";
import { cn } from "../ui/class-names.ts";
import type { Call } from "./read-tour.ts";
import { formatMs } from "./step-state.ts";

/** Ids in a path are shown by their ends. */
const shortPath = (path: string): string =>
  path.replace(/[^/]{20,}/g, (part) => `${part.slice(0, 7)}…${part.slice(-4)}`);

/** The calls that the step made: the public interface, nothing else. */
export function StepCalls({ calls }: { calls: readonly Call[] }) {
  const total = calls.reduce((sum, { times }) => sum + times, 0);
  return (
    <details className="group border-line border-t">
      <summary className="flex h-11 list-none items-center gap-2 px-4 text-sm hover:bg-canvas focus-visible:outline-offset-[-2px] md:px-6 [&::-webkit-details-marker]:hidden">
        <ChevronRight aria-hidden className="size-4 text-ink-3 transition-transform group-open:rotate-90" />
        <span className="font-medium">Calls</span>
        <span className="text-ink-3 max-sm:sr-only">to the public interface, as any program would make them</span>
        <span className="tabular ml-auto font-mono text-ink-3 text-xs">{total}</span>
      </summary>
      {calls.length === 0 ? (
        <p className="px-4 pb-4 text-ink-3 text-sm md:px-6">None yet. They appear here while the step runs.</p>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls sideways must be reachable by keyboard.
        <section className="scroll-thin overflow-x-auto px-4 pb-3 md:px-6" tabIndex={0} aria-label="Calls">
          <table className="tabular w-full font-mono text-xs">
            <thead className="sr-only">
              <tr>
                <th scope="col">Method</th>
                <th scope="col">Address</th>
                <th scope="col">Status</th>
                <th scope="col">Times</th>
                <th scope="col">Time</th>
              </tr>
            </thead>
            <tbody>
              {calls.map((call, index) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: calls are only ever added at the end.
                <tr key={index} className="border-line border-t first:border-0">
                  <td className="w-12 py-1.5 pr-3 text-ink-3">{call.method}</td>
                  <td className="whitespace-nowrap py-1.5 pr-3 text-ink-2" title={call.path}>
                    {shortPath(call.path)}
                  </td>
                  <td className={cn("w-10 py-1.5 pr-3", call.status < 400 ? "text-ink-2" : "text-bad")}>
                    {call.status}
                  </td>
                  <td className="w-12 py-1.5 pr-3 text-right text-ink-3">{call.times > 1 && `×${call.times}`}</td>
                  <td className="w-16 whitespace-nowrap py-1.5 text-right text-ink-3">{formatMs(call.ms)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
    </details>
  );
}
