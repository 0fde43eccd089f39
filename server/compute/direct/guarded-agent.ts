import { lookup } from "node:dns/promises";
import { type BlockList, isIP, type LookupFunction } from "node:net";
import { Agent, buildConnector } from "undici";
import { DomainError } from "#core/errors.ts";
import { env } from "#server/env.ts";
import { isReachableAddress } from "./public-address.ts";

const CONNECT_TIMEOUT_MS = 3_000;
const LOOKUP_TIMEOUT_MS = 3_000;

const refused = (host: string) =>
  new DomainError("NODE_ADDRESS_REFUSED", { message: `${host} is not an address that the platform connects to.` });

type Resolve = (host: string) => Promise<{ address: string; family: number }[]>;
const resolveAll: Resolve = (host) => lookup(host, { all: true, verbatim: true });

/**
 * Looks a name up and hands out only what passed: the address that is checked is the address that is connected to, so
 * a name that resolves to another one a moment later gains nothing. One forbidden address among several refuses all.
 */
export function guardedLookup(allowed: BlockList, resolve: Resolve = resolveAll): LookupFunction {
  return (host, options, callback) => {
    const timeout = new Promise<never>((_resolve, reject) =>
      setTimeout(() => reject(new Error(`${host} was not found in time`)), LOOKUP_TIMEOUT_MS).unref(),
    );
    Promise.race([resolve(host), timeout]).then(
      (found) => {
        const first = found[0];
        if (!first || found.some(({ address }) => !isReachableAddress(address, allowed)))
          return callback(refused(host), "", 0);
        if (options.all) return callback(null, found);
        return callback(null, first.address, first.family);
      },
      (error: Error) => callback(error, "", 0),
    );
  };
}

/** Connects to nothing but what may be reached; the operator's exceptions are `ALLOW_PRIVATE_NODES`. */
export function createGuardedAgent(allowed: BlockList, resolve?: Resolve): Agent {
  const connect = buildConnector({ lookup: guardedLookup(allowed, resolve), timeout: CONNECT_TIMEOUT_MS });
  return new Agent({
    connect: (options, callback) => {
      const host = options.hostname.replace(/^\[|\]$/g, "");
      // An address written as such is connected to without a lookup.
      if (isIP(host) !== 0 && !isReachableAddress(host, allowed)) return callback(refused(host), null);
      return connect(options, callback);
    },
    connections: 256,
    pipelining: 1,
    keepAliveTimeout: 30_000,
    maxHeaderSize: 16_384,
  });
}

let agent: Agent | null = null;
/** The one agent of this process for addresses that nodes named. */
export const guardedAgent = (): Agent => {
  agent ??= createGuardedAgent(env.ALLOW_PRIVATE_NODES);
  return agent;
};

/**
 * Reads a node's direct address, or throws: https, no credentials, no query, and plain http only to addresses that the
 * operator allowed. Names are not looked up here; the connection is where they are checked.
 */
export function readDirectUrl(text: string, allowed: BlockList = env.ALLOW_PRIVATE_NODES): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  const host = url?.hostname.replace(/^\[|\]$/g, "") ?? "";
  if (!url || url.username || url.password || url.search || url.hash) throw refused(text.slice(0, 100));
  if (isIP(host) !== 0 && !isReachableAddress(host, allowed)) throw refused(host);
  const isAllowedPlain =
    url.protocol === "http:" && isIP(host) !== 0 && allowed.check(host, isIP(host) === 4 ? "ipv4" : "ipv6");
  if (url.protocol !== "https:" && !isAllowedPlain) throw refused(host);
  return url;
}
