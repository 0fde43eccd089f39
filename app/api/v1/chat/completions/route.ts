import { handleChatCompletions } from "#server/api/chat-door.ts";
import { answers } from "#server/api/methods.ts";

export const { GET, POST, PUT, PATCH, DELETE } = answers({ POST: handleChatCompletions });
