import { handleAuth } from "#server/api/auth-door.ts";
import { answersNothing } from "#server/api/methods.ts";

export const { PUT, PATCH, DELETE } = answersNothing;
export { handleAuth as GET, handleAuth as POST };
