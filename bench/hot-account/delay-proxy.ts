import type { AddressInfo } from "node:net";
import { connect, createServer, type Socket } from "node:net";

/** A way to Postgres that takes half of `roundTripMs` in each direction, as another machine's has. */
export async function startDelayProxy(
  target: URL,
  roundTripMs: number,
): Promise<{ url: string; stop: () => Promise<void> }> {
  const sockets = new Set<Socket>();
  /** What arrives leaves in the same order, each part the same time later. */
  const pass = (from: Socket, to: Socket) => {
    from.on("data", (chunk) => setTimeout(() => to.writable && to.write(chunk), roundTripMs / 2));
    from.on("close", () => setTimeout(() => to.destroy(), roundTripMs / 2));
    from.on("error", () => to.destroy());
    from.setNoDelay(true);
    sockets.add(from);
  };
  const server = createServer((client) => {
    const database = connect(Number(target.port), target.hostname);
    pass(client, database);
    pass(database, client);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = new URL(target);
  url.port = String((server.address() as AddressInfo).port);
  return {
    url: url.href,
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
