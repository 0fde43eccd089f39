import { BlockList, isIPv4, isIPv6 } from "node:net";

/**
 * Ranges that are nobody's public address (IANA's special-purpose registries, 2025): this machine, private networks,
 * links, documentation, multicast, and everything that carries an IPv4 address inside of an IPv6 one and would reach
 * it by another way (mapped, NAT64, 6to4, Teredo).
 */
const NOT_PUBLIC_IPV4: [string, number][] = [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 4],
  ["240.0.0.0", 4],
];
const NOT_PUBLIC_IPV6: [string, number][] = [
  ["2001::", 23],
  ["2001:db8::", 32],
  ["2002::", 16],
  ["3fff::", 20],
];

const notPublic = new BlockList();
for (const [net, bits] of NOT_PUBLIC_IPV4) notPublic.addSubnet(net, bits, "ipv4");
for (const [net, bits] of NOT_PUBLIC_IPV6) notPublic.addSubnet(net, bits, "ipv6");
/** Public IPv6 is handed out from here alone; what is outside needs no list of its own. */
const globalUnicast = new BlockList();
globalUnicast.addSubnet("2000::", 3, "ipv6");

/** Whether the platform may connect to this address: a public one, or one that the operator allowed by name. */
export function isReachableAddress(address: string, allowed: BlockList): boolean {
  const bare = address.split("%", 1)[0] ?? "";
  if (isIPv4(bare)) return allowed.check(bare, "ipv4") || !notPublic.check(bare, "ipv4");
  if (!isIPv6(bare)) return false;
  if (allowed.check(bare, "ipv6")) return true;
  return globalUnicast.check(bare, "ipv6") && !notPublic.check(bare, "ipv6");
}
