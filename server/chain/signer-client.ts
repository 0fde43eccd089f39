import { request } from "node:http";
import { DomainError, isErrorCode } from "#core/errors.ts";
import {
  SIGNER_METHODS,
  type SignerInput,
  type SignerMethod,
  type SignerOutput,
  signerReplySchema,
  toSignerJson,
} from "#core/schemas/signer.ts";
import { env } from "#server/env.ts";

const TIMEOUT_MS = 15_000;
const REPLY_BYTES_MAX = 1024 * 1024;

/** One request over the signer's unix socket. */
function post(method: SignerMethod, body: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        socketPath: env.SIGNER_SOCKET,
        path: `/${method}`,
        method: "POST",
        headers: { "content-type": "application/json", "content-length": Buffer.byteLength(body) },
        timeout: TIMEOUT_MS,
      },
      (response) => {
        const chunks: Buffer[] = [];
        let length = 0;
        response.on("data", (chunk: Buffer) => {
          length += chunk.length;
          if (length > REPLY_BYTES_MAX) response.destroy(new Error("The signer's answer is too long."));
          chunks.push(chunk);
        });
        response.once("end", () => resolve(Buffer.concat(chunks).toString("utf8")));
        response.once("error", reject);
      },
    );
    sent.once("timeout", () => sent.destroy(new Error("The signer did not answer in time.")));
    sent.once("error", reject);
    sent.end(body);
  });
}

async function call<M extends SignerMethod>(method: M, input: SignerInput<M>): Promise<SignerOutput<M>> {
  let text: string;
  try {
    text = await post(method, toSignerJson(input));
  } catch (cause) {
    throw new DomainError("SIGNER_UNAVAILABLE", {}, { cause });
  }
  const reply = signerReplySchema.parse(JSON.parse(text));
  if (reply.ok) return SIGNER_METHODS[method].output.parse(reply.result) as SignerOutput<M>;
  const { code, details } = reply.error;
  throw new DomainError(isErrorCode(code) ? code : "INTERNAL", details);
}

type SignerClient = { [M in SignerMethod]: (input: SignerInput<M>) => Promise<SignerOutput<M>> };

/** The signer, as far as anybody outside of it can see: a set of questions over a socket. */
export const signerClient = Object.fromEntries(
  (Object.keys(SIGNER_METHODS) as SignerMethod[]).map((method) => [
    method,
    (input: SignerInput<SignerMethod>) => call(method, input),
  ]),
) as unknown as SignerClient;
