import { toast } from "../ui/toast.ts";
import { readApiError } from "./read-api-error.ts";

/** Tells what went wrong with an action, with the id to quote. */
export function notifyError(title: string, error: unknown): void {
  const { message, requestId } = readApiError(error);
  toast.error(title, { description: requestId ? `${message} (${requestId})` : message, duration: 10_000 });
}
