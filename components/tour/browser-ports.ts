import { JourneyError } from "#core/journey/client.ts";
import type { JourneyPorts, JourneyRequest, JourneyResponse } from "#core/journey/ports.ts";
import { meSchema } from "#core/schemas/identity.ts";
import { describeFailure } from "../identity/describe-failure.ts";
import { addPasskey, makePasskey } from "../identity/passkey-ceremonies.ts";
import { signOperation } from "../identity/sign-operation.ts";
import { startSession } from "../identity/start-sign-in.ts";
import { relayText } from "./relay-text.ts";

/** What the walk did through its ports, told while it does it. */
export type Observer = {
  called(method: string, path: string, status: number, ms: number): void;
  answered(text: string): void;
  /** The visitor wants somebody new to walk, whoever is signed in. */
  wantsNewPerson(): boolean;
  /** The walk goes on as somebody who was made for it. */
  madePerson(): void;
};

const PASSKEY_NAME = "Tour visitor";

async function send({ method, path, headers, body }: JourneyRequest): Promise<Response> {
  try {
    return await fetch(path, {
      method,
      headers: { ...(body === undefined ? {} : { "content-type": "application/json" }), ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  } catch {
    throw new JourneyError("UNREACHABLE", "The server did not answer. Look at the connection and try again.");
  }
}

async function askPasskey<Value>(ask: () => Promise<Value>): Promise<Value> {
  try {
    return await ask();
  } catch (error) {
    throw new JourneyError("PASSKEY_NOT_USED", describeFailure(error));
  }
}

async function signInAsNewPerson(): Promise<void> {
  const response = await askPasskey(() => makePasskey(PASSKEY_NAME));
  const result = await startSession("passkey", {
    flow: "register",
    name: PASSKEY_NAME,
    response: JSON.stringify(response),
  });
  if (!result.ok) throw new JourneyError("SIGN_IN_REFUSED", result.message);
}

/** The ports of a browser: its own cookies, its own passkeys. Everything that happens is told to `observer`. */
export function createBrowserPorts(observer: Observer): JourneyPorts {
  const open = async (request: JourneyRequest): Promise<Response> => {
    const startedAt = performance.now();
    const response = await send(request);
    observer.called(request.method, request.path, response.status, Math.round(performance.now() - startedAt));
    return response;
  };
  const request = async (wanted: JourneyRequest): Promise<JourneyResponse> => {
    const response = await open(wanted);
    const text = await response.text();
    try {
      return { status: response.status, headers: response.headers, body: text === "" ? null : JSON.parse(text) };
    } catch {
      throw new JourneyError("UNREADABLE", `The answer was ${response.status} and not in the API's own form.`);
    }
  };
  return {
    request,
    open: async (wanted) => relayText(await open(wanted), observer.answered),
    signIn: async () => {
      const signInNew = async () => {
        await signInAsNewPerson();
        observer.madePerson();
      };
      const me = meSchema.safeParse((await request({ method: "GET", path: "/api/v1/me" })).body).data;
      if (!me) return signInNew();
      // A demo account is everybody's: a passkey of one visitor must not come to own what it holds.
      if (observer.wantsNewPerson() || me.demoName !== null) {
        const { signOut } = await import("next-auth/react");
        await signOut({ redirect: false });
        return signInNew();
      }
      if (me.passkeys.length === 0 && me.wallets.length === 0) await askPasskey(() => addPasskey(PASSKEY_NAME));
    },
    approve: (operation) => askPasskey(() => signOperation(operation)),
  };
}
