import { Field } from "../ui/field.tsx";
import { Input } from "../ui/input.tsx";

/** Why an admin does something; it is kept with it. */
export const ReasonField = ({
  reason,
  onReasonChange,
  hint = "Kept with the change, for the other admins.",
}: {
  reason: string;
  onReasonChange: (reason: string) => void;
  hint?: string;
}) => (
  <Field label="Reason" hint={hint}>
    <Input value={reason} maxLength={200} onChange={(event) => onReasonChange(event.target.value)} />
  </Field>
);
