import { answers } from "#server/api/methods.ts";

/** Whether this process answers at all; asks nothing else. */
const live = async () => Response.json({ status: "live" }, { headers: { "cache-control": "no-store" } });

export const { GET, POST, PUT, PATCH, DELETE } = answers({ GET: live });
