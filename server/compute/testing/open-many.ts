import { parseArgs } from "node:util";
import { DomainError } from "#core/errors.ts";
import { db, pool } from "#server/db.ts";
import { findApiKeyActor } from "#server/identity/api-keys.ts";
import { openChat } from "./open-chat.ts";

// A web process of its own that opens completions with one key, all at once, and prints how many had room.
const { values } = parseArgs({
  options: {
    token: { type: "string", default: "" },
    model: { type: "string", default: "" },
    count: { type: "string" },
  },
});
const actor = await findApiKeyActor(values.token);
if (!actor) throw new Error("The key is not known");
const input = { model: values.model, messages: [{ role: "user", content: "Hello" }], max_tokens: 100 };
const opened = await Promise.all(
  Array.from({ length: Number(values.count) }, () =>
    openChat(actor, input).then(
      () => 1,
      (error: unknown) => {
        if (!(error instanceof DomainError) || error.code !== "CAP_EXCEEDED") throw error;
        return 0;
      },
    ),
  ),
);
process.stdout.write(`${opened.filter((one) => one === 1).length}\n`);
await db.$disconnect();
await pool.end();
