import type { JobSpecInput, JobView } from "#core/schemas/job.ts";
import { createApiKey } from "#server/identity/api-keys.ts";
import { appRouter } from "../root.ts";
import { createCallerFactory } from "../trpc.ts";
import { eventually, newPerson } from "./compute-world.ts";

/** Somebody with money who has jobs done through the doors at `url`. */
export async function newRenter(url: string, funds: bigint) {
  const person = await newPerson(funds);
  const caller = createCallerFactory(appRouter)({ actor: person.actor, requestId: "req_jobs", idempotencyKey: null });
  const { token } = await createApiKey(person.actor, { name: "jobs", scopes: ["jobs:write"] });
  const create = (spec: Partial<JobSpecInput>) =>
    caller.job.create({
      pricePerHourMax: "72000000",
      timeLimitSeconds: 60,
      resources: { memoryMb: 256 },
      ...spec,
    } as JobSpecInput & { command: string[] });
  const until = (id: string, isThere: (job: JobView) => boolean) =>
    eventually(`The job's state`, async () => {
      const job = await caller.job.get({ id });
      return isThere(job) && job;
    });
  const over = (id: string) => until(id, ({ finishedAt }) => finishedAt !== null);
  const logOf = async (id: string) => (await caller.job.log({ id })).pieces.map(({ text }) => text).join("");
  const upload = async (content: string) => {
    const response = await fetch(`${url}/api/v1/blobs`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}` },
      body: content,
    });
    return (await response.json()) as { blob: string; bytes: number };
  };
  const download = (id: string, path: string, key = token) =>
    fetch(`${url}/api/v1/jobs/${id}/artifacts/${path}`, { headers: { authorization: `Bearer ${key}` } });
  return { ...person, token, caller, create, until, over, logOf, upload, download };
}
