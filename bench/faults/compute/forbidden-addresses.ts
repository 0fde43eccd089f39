import { once } from "node:events";
import { createServer } from "node:http";
import { type AddressInfo, BlockList } from "node:net";
import { createGuardedAgent, readDirectUrl } from "#server/compute/direct/guarded-agent.ts";
import { FORBIDDEN_HOSTS, FORBIDDEN_NAMES } from "#server/compute/testing/forbidden-hosts.ts";
import { type BenchRow, bounded } from "../../bench-row.ts";

/** N9: addresses that lead inside, by every way they can be written, and names that resolve to them. */
export async function forbiddenAddresses(): Promise<BenchRow[]> {
  let connections = 0;
  const inside = createServer((_request, response) => response.end("inside"));
  inside.on("connection", () => {
    connections += 1;
  });
  inside.listen(0, "::");
  await once(inside, "listening");
  const { port } = inside.address() as AddressInfo;
  const nobody = new BlockList();
  const rebinding = createGuardedAgent(nobody, async () => [{ address: "127.0.0.1", family: 4 }]);
  const agent = createGuardedAgent(nobody);
  let accepted = 0;
  const tryAt = async (host: string, through: typeof agent) => {
    await through.request({ origin: `http://${host}:${port}`, path: "/", method: "GET" }).then(
      ({ body }) => body.dump(),
      () => undefined,
    );
  };
  for (const name of FORBIDDEN_NAMES) await tryAt(name, agent);
  for (const host of FORBIDDEN_HOSTS) {
    await tryAt(host, agent);
    try {
      readDirectUrl(`https://${host}/v1`, nobody);
      accepted += 1;
    } catch {
      // Refused, as it should be.
    }
  }
  await tryAt("rebinding.example", rebinding);
  await Promise.all([agent.close(), rebinding.close()]);
  inside.closeAllConnections();
  inside.close();
  return [
    bounded(
      "N9 connections to forbidden addresses, seen at the socket",
      connections,
      "count",
      "<= 0",
      `${FORBIDDEN_HOSTS.length + FORBIDDEN_NAMES.length + 1} ways to write them`,
    ),
    bounded("N9 forbidden addresses taken as a node's own", accepted, "count", "<= 0"),
  ];
}
