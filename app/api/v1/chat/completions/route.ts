import { handleChatCompletions } from "#server/api/chat-door.ts";

export { handleChatCompletions as POST };
