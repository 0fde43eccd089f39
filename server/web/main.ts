import { createServer } from "node:http";
import next from "next";
import { DomainError } from "../../core/errors.ts";
import { env } from "../env.ts";
import { answerHotDoor, hotDoorsSettled } from "./hot-doors.ts";
import { markPeer } from "./peer.ts";
import { faultOf, refuse } from "./refuse.ts";

// The web process: Next behind a plain HTTP server, so that it can drain and tell a request's true peer.
const port = env.PORT;
const dev = env.NODE_ENV !== "production";

const app = next({
  dev,
  dir: process.cwd(),
  hostname: "localhost",
  port,
  quiet: true,
  ...(dev ? { turbopack: true } : {}),
});
await app.prepare();
const handle = app.getRequestHandler();

const server = createServer((request, response) => {
  markPeer(request, env.TRUSTED_PROXIES);
  // A layout cannot see its own address; whoever is sent to sign in is to come back to it.
  request.headers["x-converge-path"] = request.url ?? "/";
  if (draining) response.setHeader("connection", "close");
  const fault = faultOf(request);
  if (fault) {
    // Nobody reads a refused body: the connection ends with the answer.
    response.setHeader("connection", "close");
    refuse(response, fault);
    return;
  }
  // Development goes through the framework alone, which loads an edited door anew.
  if (!dev && answerHotDoor(request, response)) return;
  handle(request, response).catch((cause: unknown) => {
    process.stderr.write(`A request failed outside of every door: ${String(cause)}\n`);
    refuse(response, new DomainError("INTERNAL", {}, { cause }));
  });
});
let draining = false;
server.requestTimeout = 60_000;
server.headersTimeout = 20_000;
server.keepAliveTimeout = 65_000;
if (dev) server.on("upgrade", app.getUpgradeHandler());
else server.on("upgrade", (_request, socket) => socket.destroy());

server.once("error", (error: NodeJS.ErrnoException) => {
  process.stderr.write(
    error.code === "EADDRINUSE" ? `Port ${port} is in use. Set PORT to another one.\n` : `${error.message}\n`,
  );
  process.exit(1);
});
server.listen(port, () => process.stdout.write(`web listening on ${port}\n`));

function drain(): void {
  if (draining) process.exit(0);
  draining = true;
  server.close(() => void hotDoorsSettled().finally(() => process.exit(0)));
  server.closeIdleConnections();
  // A keep-alive connection that falls idle while draining has nothing left to say.
  setInterval(() => server.closeIdleConnections(), 100).unref();
  setTimeout(() => process.exit(0), env.DRAIN_MS).unref();
}
process.on("SIGTERM", drain);
process.on("SIGINT", drain);
