import { once } from "node:events";
import { createServer } from "node:http";
import { type AddressInfo, BlockList } from "node:net";
import { createGuardedAgent, readDirectUrl } from "#server/compute/direct/guarded-agent.ts";
import { type BenchRow, bounded } from "../../bench-row.ts";

const HOSTS = [
  "169.254.169.254",
  "127.0.0.1",
  "127.1",
  "0.0.0.0",
  "[::1]",
  "[::]",
  "[::ffff:127.0.0.1]",
  "[::ffff:7f00:1]",
  "0x7f000001",
  "2130706433",
  "0177.0.0.1",
  "10.0.0.1",
  "172.16.0.1",
  "192.168.0.1",
  "100.64.0.1",
  "[fd00::1]",
  "[fe80::1]",
  "[64:ff9b::7f00:1]",
  "[2002:7f00:1::]",
  "localhost",
  "metadata.google.internal",
];

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
  for (const host of HOSTS) {
    await tryAt(host, agent);
    try {
      // A name is judged where it is connected to; an address where it is named.
      readDirectUrl(`https://${host}/v1`, nobody);
      if (!/^[a-z]/.test(host)) accepted += 1;
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
      `${HOSTS.length + 1} ways to write them`,
    ),
    bounded("N9 forbidden addresses taken as a node's own", accepted, "count", "<= 0"),
  ];
}
