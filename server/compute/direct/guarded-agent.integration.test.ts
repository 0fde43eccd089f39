import { createServer, type Server } from "node:http";
import { type AddressInfo, BlockList } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FORBIDDEN_HOSTS, FORBIDDEN_NAMES } from "../testing/forbidden-hosts.ts";
import { createGuardedAgent, readDirectUrl } from "./guarded-agent.ts";
import { isReachableAddress } from "./public-address.ts";

const nobody = new BlockList();
const loopbackTwo = new BlockList();
loopbackTwo.addAddress("127.0.0.2", "ipv4");

describe("which addresses the platform connects to", () => {
  it.each(["8.8.8.8", "1.1.1.1", "2606:4700:4700::1111", "2a00:1450:4001:82f::200e"])("takes %s", (address) => {
    expect(isReachableAddress(address, nobody)).toBe(true);
  });

  it("takes what the operator allowed, and nothing beside it", () => {
    expect(isReachableAddress("127.0.0.2", loopbackTwo)).toBe(true);
    expect(isReachableAddress("127.0.0.3", loopbackTwo)).toBe(false);
  });

  it.each(["", "localhost", "8.8.8", "8.8.8.8.8", "not an address"])("refuses %j, which is no address", (address) => {
    expect(isReachableAddress(address, nobody)).toBe(false);
  });

  it.each(FORBIDDEN_HOSTS)("refuses a node's address at %s", (host) => {
    expect(() => readDirectUrl(`https://${host}/v1`, nobody)).toThrow(
      expect.objectContaining({ code: "NODE_ADDRESS_REFUSED" }),
    );
  });

  it.each([
    "http://8.8.8.8/v1",
    "http://example.com/v1",
    "ftp://example.com/",
    "file:///etc/passwd",
    "https://user:secret@example.com/v1",
    "https://example.com/v1?to=elsewhere",
    "https://example.com/v1#part",
    "//example.com",
    "",
  ])("refuses %j", (text) => {
    expect(() => readDirectUrl(text, nobody)).toThrow(expect.objectContaining({ code: "NODE_ADDRESS_REFUSED" }));
  });

  it("takes https names, and plain http where the operator allowed the address", () => {
    expect(readDirectUrl("https://node.example/v1", nobody).hostname).toBe("node.example");
    expect(readDirectUrl("http://127.0.0.2:8000/v1", loopbackTwo).port).toBe("8000");
  });
});

describe("at the socket", () => {
  const servers: Server[] = [];
  let connections = 0;
  let port = 0;

  beforeAll(async () => {
    const inside = createServer((_request, response) => response.end("inside"));
    inside.on("connection", () => {
      connections += 1;
    });
    await new Promise<void>((resolve) => inside.listen(0, "::", resolve));
    port = (inside.address() as AddressInfo).port;
    servers.push(inside);
  });
  afterAll(() => Promise.all(servers.map((one) => new Promise((resolve) => one.close(resolve)))));

  const ask = (agent: ReturnType<typeof createGuardedAgent>, origin: string) =>
    agent.request({ origin, path: "/", method: "GET" });

  it("nothing forbidden is ever connected to, by address or by name", async () => {
    const agent = createGuardedAgent(nobody);
    for (const host of FORBIDDEN_HOSTS) await expect(ask(agent, `http://${host}:${port}`)).rejects.toThrow();
    for (const name of FORBIDDEN_NAMES) await expect(ask(agent, `http://${name}:${port}`)).rejects.toThrow();
    expect(connections).toBe(0);
    await agent.close();
  });

  it("a name with one public and one private address is refused, and one that changes its mind gains nothing", async () => {
    const both = createGuardedAgent(nobody, async () => [
      { address: "8.8.8.8", family: 4 },
      { address: "127.0.0.1", family: 4 },
    ]);
    await expect(ask(both, `http://both.example:${port}`)).rejects.toMatchObject({ code: "NODE_ADDRESS_REFUSED" });
    let asked = 0;
    const rebinding = createGuardedAgent(nobody, async () => {
      asked += 1;
      return [{ address: "127.0.0.1", family: 4 }];
    });
    await expect(ask(rebinding, `http://rebinding.example:${port}`)).rejects.toMatchObject({
      code: "NODE_ADDRESS_REFUSED",
    });
    expect(asked).toBe(1);
    expect(connections).toBe(0);
    await Promise.all([both.close(), rebinding.close()]);
  });

  it("a redirect to the inside is an answer, not a way", async () => {
    const outside = createServer((_request, response) => {
      response.writeHead(302, { location: `http://127.0.0.1:${port}/` });
      response.end();
    });
    await new Promise<void>((resolve) => outside.listen(0, "127.0.0.2", resolve));
    servers.push(outside);
    const agent = createGuardedAgent(loopbackTwo);
    const { statusCode, body } = await ask(agent, `http://127.0.0.2:${(outside.address() as AddressInfo).port}`);
    await body.dump();
    expect(statusCode).toBe(302);
    expect(connections).toBe(0);
    await agent.close();
  });
});
