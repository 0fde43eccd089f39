import { toast } from "../ui/toast.ts";
import { LocalProblem } from "./local-problem.ts";
import { readApiError } from "./read-api-error.ts";

/** Tells what went wrong with an action, with the id to quote. */
export function notifyError(title: string, error: unknown): void {
  const { message, requestId } = readApiError(error);
  const said = error instanceof LocalProblem ? error.title : title;
  toast.error(said, { description: requestId ? `${message} (${requestId})` : message, duration: 10_000 });
}
