import { handleLogStream } from "#server/api/job-doors.ts";
import { answers } from "#server/api/methods.ts";

export const { GET, POST, PUT, PATCH, DELETE } = answers({ GET: handleLogStream });
