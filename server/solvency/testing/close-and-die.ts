import { closeSolvencyEpoch } from "../close-solvency-epoch.ts";

// A process that closes an epoch and is killed at a named place in it, as a crash would: nothing is tidied up.
const [, , death] = process.argv;
await closeSolvencyEpoch({ afterChangeMs: 0, atLatestMs: 0 }, async (place) => {
  if (place !== death) return;
  process.kill(process.pid, "SIGKILL");
  await new Promise(() => undefined);
});
throw new Error("The epoch was closed.");
