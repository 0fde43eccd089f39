import fc from "fast-check";
import type { Hostile } from "./hostile-client.ts";

type Schema = {
  type?: "object" | "array" | "string" | "integer" | "number" | "boolean";
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema | false;
  prefixItems?: Schema[];
  minItems?: number;
  maxItems?: number;
  enum?: unknown[];
  const?: unknown;
  pattern?: string;
  format?: string;
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  oneOf?: Schema[];
  anyOf?: Schema[];
};
type Parameter = { name: string; in: "path" | "query"; schema: Schema };
type Operation = {
  parameters?: Parameter[];
  requestBody?: { content: { "application/json": { schema: Schema } } };
};
export type Route = { method: string; path: string; parameters: Parameter[]; body: Schema | null };

/** Every route that the OpenAPI document names. */
export function routesOf(document: { paths: Record<string, Record<string, Operation>> }): Route[] {
  return Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => ({
      method: method.toUpperCase(),
      path,
      parameters: operation.parameters ?? [],
      body: operation.requestBody?.content["application/json"].schema ?? null,
    })),
  );
}

/** A hostile request, and whether it must be refused; some are only odd, and must merely do no harm. */
export type Attack = { request: Hostile; mustRefuse: boolean };

/** A value that a schema takes. */
function valid(schema: Schema): fc.Arbitrary<unknown> {
  if ("const" in schema) return fc.constant(schema.const);
  if (schema.enum) return fc.constantFrom(...schema.enum);
  const choices = schema.oneOf ?? schema.anyOf;
  if (choices) return fc.oneof(...choices.map(valid));
  if (schema.prefixItems) return fc.tuple(...schema.prefixItems.map(valid));
  switch (schema.type) {
    case "object": {
      const properties = Object.entries(schema.properties ?? {}).map(([name, item]) => [name, valid(item)] as const);
      return fc.record(Object.fromEntries(properties), { requiredKeys: schema.required ?? [] });
    }
    case "array":
      return fc.array(valid(schema.items || {}), {
        minLength: schema.minItems ?? 0,
        maxLength: Math.max(schema.minItems ?? 0, Math.min(schema.maxItems ?? 3, 3)),
      });
    case "integer":
    case "number":
      return fc.integer({ min: schema.minimum ?? 0, max: Math.min(schema.maximum ?? 1000, 2 ** 31 - 1) });
    case "boolean":
      return fc.boolean();
    default:
      if (schema.format === "date-time") return fc.constant("2031-01-01T00:00:00Z");
      if (schema.pattern) return fc.stringMatching(new RegExp(schema.pattern.replaceAll("{1,64}", "{26}")));
      return fc.string({ minLength: schema.minLength ?? 0, maxLength: Math.min(schema.maxLength ?? 20, 20) });
  }
}

const deep = (levels: number) => `${"[".repeat(levels)}${"]".repeat(levels)}`;
/** Words for JSON text: no schema here takes any of them as a value of a field. */
const POISON = [
  '"\\u0000"',
  '"a\\u0000b"',
  '"\\ud800"',
  `"${"x".repeat(50_000)}"`,
  "[[]]",
  '[{"$ne":null}]',
  '{"$gt":""}',
  '{"toString":1}',
  "-1",
  "1e400",
  "1e308",
  "0.1",
  "9".repeat(400),
  "null",
  deep(10_000),
];
const EXTRA_FIELDS = [
  '"isAdmin":true',
  '"roles":["admin"]',
  '"userId":"usr_01m00000000000000000000000"',
  '"status":"paid"',
  '"amount":{"asset":"USD","units":"1"}',
  '"constructor":{"prototype":{"isAdmin":true}}',
  '"\\u0000":1',
  '"🦄":"\\ud83e\\udd84"',
  '"key ":1',
];
const BROKEN_BODIES = [
  "",
  "{",
  '{"a":}',
  "{'a':1}",
  "nul",
  "null",
  "[]",
  "[{}]",
  "3",
  '"text"',
  "true",
  "\u0000",
  "\ufeff{",
  deep(10_000),
  '{"a":'.repeat(5_000),
];
const WRONG_TYPES = [
  "text/plain",
  "multipart/form-data; boundary=x",
  "application/x-www-form-urlencoded",
  "",
  "application/jsonp",
];
const HOSTILE_IDS = [
  "%00",
  "..%2f..%2fadmin%2foverview",
  "..",
  ".",
  "%2e%2e",
  "*",
  "'%20OR%201=1--",
  "%3Cscript%3E",
  "%F0%9F%A6%84",
  "null",
  "undefined",
  "__proto__",
  "constructor",
  "-1",
  "x".repeat(600),
  "agt_%00",
  "%ff",
  "a,b",
  "%0d%0aset-cookie:x=1",
];
const HOSTILE_QUERIES = [
  "limit=0",
  "limit=-1",
  "limit=101",
  "limit=1e9",
  "limit=NaN",
  "limit=1&limit=2",
  "limit[]=1",
  "limit=%00",
  "cursor=%00",
  "cursor=a%00b",
  `cursor=${"9".repeat(5_000)}`,
  "isAdmin=true",
  "userId=usr_01m00000000000000000000000",
  "limit=",
];
/** Odd, but a field's own rules may well allow them. */
const ODD_QUERIES = [
  "cursor=9007199254740993",
  "cursor=-1e300",
  "cursor=%ff%fe",
  "cursor=..%2f",
  "cursor='%3BDROP%20TABLE%20x",
  "__proto__=1",
  "%",
  "=&=&",
  "?".repeat(50),
];

const toText = (value: unknown): string => JSON.stringify(value) ?? "null";
const jsonHeaders = { "content-type": "application/json" };

/** Puts JSON text in the place of one field, which no value could hold (`1e400`, a depth of 10,000). */
function withField(body: object, name: string, text: string): string {
  const rest = Object.entries(body).filter(([field]) => field !== name);
  return `{${[...rest.map(([field, value]) => `${toText(field)}:${toText(value)}`), `${toText(name)}:${text}`].join(",")}}`;
}

function hostileBody(schema: Schema): fc.Arbitrary<Pick<Hostile, "headers" | "body" | "isChunked">> {
  const names = Object.keys(schema.properties ?? {});
  const whole = valid(schema) as fc.Arbitrary<object>;
  const sent = (body: fc.Arbitrary<string>) => body.map((text) => ({ headers: jsonHeaders, body: text }));
  return fc.oneof(
    sent(fc.constantFrom(...BROKEN_BODIES.filter((text) => text !== ""))),
    sent(
      fc
        .tuple(whole, fc.constantFrom(...names), fc.constantFrom(...POISON))
        .map(([body, name, poison]) => withField(body, name, poison)),
    ),
    sent(
      fc
        .tuple(whole, fc.constantFrom(...(schema.required ?? names)))
        .map(([body, name]) => toText(Object.fromEntries(Object.entries(body).filter(([field]) => field !== name)))),
    ),
    sent(
      fc.tuple(whole, fc.constantFrom(...EXTRA_FIELDS)).map(([body, extra]) => {
        const text = toText(body);
        return `${text.slice(0, -1)}${text === "{}" ? "" : ","}${extra}}`;
      }),
    ),
    fc
      .tuple(whole, fc.constantFrom(...WRONG_TYPES))
      .map(([body, type]) => ({ headers: type === "" ? {} : { "content-type": type }, body: toText(body) })),
    fc.boolean().map((isChunked) => ({ headers: jsonHeaders, body: `{"a":"${"x".repeat(2_000_000)}"}`, isChunked })),
  );
}

const missingId = (schema: Schema): fc.Arbitrary<string> =>
  valid({ minLength: 1, ...schema }).map((id) => encodeURIComponent(String(id)));

function pathOf(route: Route, isHostile: boolean): fc.Arbitrary<string> {
  const parameters = route.parameters.filter((parameter) => parameter.in === "path");
  const ids = parameters.map(({ schema }) => (isHostile ? fc.constantFrom(...HOSTILE_IDS) : missingId(schema)));
  return fc
    .tuple(...ids)
    .map((values) =>
      parameters.reduce((path, { name }, i) => path.replace(`{${name}}`, values[i] ?? ""), `/api/v1${route.path}`),
    );
}

/** Requests to a route that a well-meaning client never sends. */
function attacksOn(route: Route): fc.Arbitrary<Attack> {
  const { method } = route;
  const hasId = route.parameters.some((parameter) => parameter.in === "path");
  const attacks: fc.Arbitrary<Attack>[] = [
    fc
      .tuple(pathOf(route, false), fc.constantFrom("PUT", "PATCH", "TRACE", "PROPFIND"))
      .map(([path, wrong]) => ({ request: { method: wrong, path }, mustRefuse: true })),
    fc.tuple(pathOf(route, false), fc.constantFrom(...ODD_QUERIES)).map(([path, query]) => ({
      request: { method: method === "GET" ? "GET" : "PATCH", path: `${path}?${query}` },
      mustRefuse: method !== "GET",
    })),
    // What a route's query does not name, it refuses; and beside a body there is no query at all.
    fc
      .tuple(pathOf(route, false), fc.constantFrom(...HOSTILE_QUERIES))
      .map(([path, query]) => ({ request: { method, path: `${path}?${query}` }, mustRefuse: true })),
  ];
  if (method !== "GET" && !route.body)
    attacks.push(
      fc.tuple(pathOf(route, false), fc.constantFrom(...EXTRA_FIELDS)).map(([path, extra]) => ({
        request: { method, path, headers: jsonHeaders, body: `{${extra}}` },
        mustRefuse: true,
      })),
    );
  if (hasId)
    attacks.push(
      pathOf(route, true).map((path) => ({
        request: { method, path, ...(method === "POST" ? { headers: jsonHeaders, body: "{}" } : {}) },
        // "." and ".." are resolved before anybody reads the address.
        mustRefuse: !/\/(\.|%2e)+(\/|$)/.test(path),
      })),
    );
  if (route.body) {
    const body = hostileBody(route.body);
    const attack = fc
      .tuple(pathOf(route, false), body)
      .map(([path, sent]) => ({ request: { method, path, ...sent }, mustRefuse: true }));
    attacks.push(attack, attack, attack);
  }
  return fc.oneof(...attacks);
}

/** Attacks spread evenly over all routes; the same seed makes the same ones. */
export function attacks(routes: Route[], { count, seed }: { count: number; seed: number }): Attack[] {
  const each = Math.ceil(count / routes.length);
  return routes.flatMap((route, i) => fc.sample(attacksOn(route), { numRuns: each, seed: seed + i }));
}
