import type { IncomingMessage } from "node:http";
import { BlockList, isIPv4, isIPv6, SocketAddress } from "node:net";

/** An address in its one form, or null: no brackets, port or zone, and an IPv4 address inside of IPv6 as IPv4. */
function plainAddress(text: string): string | null {
  const trimmed = text.trim();
  const bare = /^\[([^\]]*)\](?::\d{1,5})?$/.exec(trimmed)?.[1] ?? trimmed.replace(/^([\d.]+):\d{1,5}$/, "$1");
  const [address = ""] = bare.split("%", 1);
  if (isIPv4(address)) return address;
  if (!isIPv6(address)) return null;
  const canonical = new SocketAddress({ address, family: "ipv6" }).address;
  return /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(canonical)?.[1] ?? canonical;
}

const isWithin = (ranges: BlockList, address: string): boolean =>
  ranges.check(address, isIPv4(address) ? "ipv4" : "ipv6");

/** Whom an address stands for: whoever has one IPv6 address has the 2^64 beside it, so these count as one. */
function networkOf(address: string): string {
  if (isIPv4(address)) return address;
  const [left = "", right = ""] = address.split("::");
  const groups = left === "" ? [] : left.split(":");
  const after = right === "" ? [] : right.split(":");
  while (groups.length + after.length < 8) groups.push("0");
  return `${[...groups, ...after].slice(0, 4).join(":")}::/64`;
}

/**
 * Whom a request is counted against: the peer of the socket, or behind a proxy that we trust the last address in
 * `X-Forwarded-For` that is not such a proxy. What stands before that one may be the client's own invention.
 */
export function peerOf(socketAddress: string | undefined, forwardedFor: string, trusted: BlockList): string {
  let address = plainAddress(socketAddress ?? "");
  if (address === null) return "unknown";
  for (const hop of forwardedFor.split(",").reverse()) {
    if (!isWithin(trusted, address)) break;
    const before = plainAddress(hop);
    if (before === null) break;
    address = before;
  }
  return networkOf(address);
}

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet("127.0.0.0", 8, "ipv4");
LOOPBACK.addAddress("::1", "ipv6");

/** Whether a request comes from this machine itself, and not through a proxy that happens to run on it. */
export function isLocal(socketAddress: string | undefined, headers: IncomingMessage["headers"]): boolean {
  const address = plainAddress(socketAddress ?? "");
  const isForwarded = ["x-forwarded-for", "forwarded", "x-real-ip", "via"].some((name) => headers[name] !== undefined);
  return address !== null && isWithin(LOOPBACK, address) && !isForwarded;
}

/** Writes down who sent a request, over whatever the sender claims under these names. */
export function markPeer(request: Pick<IncomingMessage, "headers" | "socket">, trusted: BlockList): void {
  const { headers, socket } = request;
  headers["x-converge-peer"] = peerOf(socket.remoteAddress, String(headers["x-forwarded-for"] ?? ""), trusted);
  headers["x-converge-local"] = isLocal(socket.remoteAddress, headers) ? "1" : "0";
}
