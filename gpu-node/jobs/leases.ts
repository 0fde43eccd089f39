import { mkdir, readdir, rm } from "node:fs/promises";
import type { LeaseOrder } from "../../core/schemas/job-protocol.ts";
import { type JobParts, type LeaseWork, startLease } from "./run-lease.ts";

/** The leases this node works on. */
export function createLeases(parts: JobParts) {
  const working = new Map<string, LeaseWork>();
  return {
    /** Removes what an earlier run of this program left; its jobs were given to other nodes. */
    async clean(): Promise<void> {
      const left = await readdir(parts.folder).catch(() => []);
      for (const runner of parts.runners) await runner.clean(left);
      await rm(parts.folder, { recursive: true, force: true }).catch(() => undefined);
      await mkdir(parts.folder, { recursive: true, mode: 0o711 });
    },
    start(order: LeaseOrder): void {
      if (working.has(order.leaseId)) return;
      parts.say(`Job ${order.jobId} begins under ${order.runner}.`);
      const work = startLease(parts, order);
      working.set(order.leaseId, work);
      void work.done.finally(() => working.delete(order.leaseId));
    },
    end(leaseId: string): void {
      working.get(leaseId)?.forget();
    },
    names: (): string[] => [...working.keys()],
    /** Gives every job back and resolves when nothing of any is left. */
    async giveBack(): Promise<void> {
      for (const work of working.values()) work.giveBack();
      await Promise.allSettled([...working.values()].map(({ done }) => done));
    },
  };
}
