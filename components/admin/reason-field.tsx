import { Field } from "../ui/field.tsx";
import { Input } from "../ui/input.tsx";

/** Why an admin does something; it is kept with it. */
export const ReasonField = ({
  reason,
  onReasonChange,
}: {
  reason: string;
  onReasonChange: (reason: string) => void;
}) => (
  <Field label="Reason" hint="Kept with the change, for the other admins.">
    <Input value={reason} maxLength={300} onChange={(event) => onReasonChange(event.target.value)} />
  </Field>
);
