import { DomainError } from "#core/errors.ts";
import { assertCleanInput, DEPTH_MAX } from "./clean-input.ts";

export const BODY_BYTES_MAX = 1024 * 1024;

/** The depth of nesting of a JSON text, found without parsing it: a parser given a hostile depth may not return. */
function jsonDepth(text: string): number {
  let depth = 0;
  let deepest = 0;
  let inString = false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (inString) {
      if (code === 92) i++;
      else if (code === 34) inString = false;
    } else if (code === 34) inString = true;
    else if (code === 123 || code === 91) deepest = Math.max(deepest, ++depth);
    else if (code === 125 || code === 93) depth--;
  }
  return deepest;
}

type Reader = ReadableStreamDefaultReader<Uint8Array>;

/** The next piece of a body. When there is none because its sender hung up, that is no failure of ours. */
function readChunk(reader: Reader): ReturnType<Reader["read"]> {
  return reader.read().catch((cause: unknown) => {
    throw new DomainError("BAD_REQUEST", { message: "The body broke off before its end." }, { cause });
  });
}

/** Reads a body up to a size, whatever its Content-Length claims. */
export async function readText(request: Request, bytesMax: number = BODY_BYTES_MAX): Promise<string> {
  const declared = request.headers.get("content-length");
  if (Number(declared ?? 0) > bytesMax) throw new DomainError("PAYLOAD_TOO_LARGE", { bytesMax });
  // HTTP lets no more through than was declared, and refuses what comes beside a chunked body; read whole, it is quicker.
  if (declared !== null && /^\d+$/.test(declared) && request.headers.get("transfer-encoding") === null)
    return request.text().catch((cause: unknown) => {
      throw new DomainError("BAD_REQUEST", { message: "The body broke off before its end." }, { cause });
    });
  if (!request.body) return "";
  const chunks: Uint8Array[] = [];
  let size = 0;
  const reader = request.body.getReader();
  for (let next = await readChunk(reader); !next.done; next = await readChunk(reader)) {
    size += next.value.byteLength;
    if (size > bytesMax) {
      // Nobody waits for the rest to arrive.
      reader.cancel().catch(() => undefined);
      throw new DomainError("PAYLOAD_TOO_LARGE", { bytesMax });
    }
    chunks.push(next.value);
  }
  return new TextDecoder().decode(Buffer.concat(chunks));
}

function assertJsonType(request: Request): void {
  const contentType = request.headers.get("content-type") ?? "";
  if (!/^application\/json\s*(;|$)/i.test(contentType)) throw new DomainError("UNSUPPORTED_MEDIA_TYPE");
}

function assertShallow(text: string): void {
  if (jsonDepth(text) > DEPTH_MAX)
    throw new DomainError("BAD_REQUEST", { message: `The body is nested deeper than ${DEPTH_MAX} levels.` });
}

/** The text of a JSON body: the right content type, a bounded size and depth. */
export async function readJsonText(request: Request, bytesMax: number = BODY_BYTES_MAX): Promise<string> {
  assertJsonType(request);
  const text = await readText(request, bytesMax);
  assertShallow(text);
  return text;
}

/** What a JSON text says, when it is one and holds nothing that could not be stored. */
export function parseJson(text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new DomainError("BAD_REQUEST", { message: "The body is not valid JSON." }, { cause });
  }
  assertCleanInput(value);
  return value;
}

/** Reads a JSON body: the right content type, a bounded size and depth, well formed. */
export async function readJson(request: Request, bytesMax: number = BODY_BYTES_MAX): Promise<unknown> {
  return parseJson(await readJsonText(request, bytesMax));
}

/** As `readJson`, for requests that need no body: undefined when there is none, whatever its type is said to be. */
export async function readJsonIfAny(request: Request): Promise<unknown> {
  const text = await readText(request);
  if (text === "") return undefined;
  assertJsonType(request);
  assertShallow(text);
  return parseJson(text);
}
