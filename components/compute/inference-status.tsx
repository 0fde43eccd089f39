import type { InferenceView } from "#core/schemas/compute.ts";
import { StatusWord, type StatusWords } from "../ui/badge.tsx";

const INFERENCES: StatusWords<InferenceView["status"]> = {
  running: ["busy", "Running"],
  completed: ["ok", "Completed"],
  cancelled: ["idle", "Cancelled"],
  interrupted: ["warn", "Interrupted"],
  failed: ["bad", "Failed"],
};

export const InferenceStatus = ({ status }: { status: InferenceView["status"] }) => (
  <StatusWord words={INFERENCES} status={status} />
);
