import type { JourneyPorts } from "../../core/journey/ports.ts";
import { SoftwareAuthenticator } from "./authenticator.ts";
import { HttpSession } from "./http.ts";

/** The ports of a program: a cookie jar and a software authenticator stand where a browser has its own. */
export function createProgramPorts(baseUrl: string, session = new HttpSession(baseUrl)): JourneyPorts {
  const authenticator = new SoftwareAuthenticator(new URL(baseUrl).origin);
  return {
    request: (request) => session.request(request),
    open: ({ method, path, body, headers }) =>
      session.fetch(path, {
        method,
        headers: { "content-type": "application/json", ...headers },
        body: JSON.stringify(body),
      }),
    signIn: async () => {
      const { body } = await session.request({
        method: "POST",
        path: "/api/auth/passkey/register/options",
        body: { name: "Journey" },
      });
      const { challenge } = body as { challenge: string };
      await session.signIn("passkey", {
        flow: "register",
        name: "Journey",
        response: JSON.stringify(authenticator.register(challenge)),
      });
    },
    approve: ({ hash }) => Promise.resolve({ kind: "passkey", ...authenticator.approve(hash as `0x${string}`) }),
  };
}
