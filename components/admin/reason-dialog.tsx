"use client";

import { type ComponentProps, useState } from "react";
import { FormDialog } from "../api/form-dialog.tsx";
import { ReasonField } from "./reason-field.tsx";

type Props = Omit<ComponentProps<typeof FormDialog>, "children" | "isReady" | "onSubmit"> & {
  onSubmit: (reason: string) => void;
  /** Who reads the reason. */
  hint?: string;
};

/** A decision that asks for nothing but its reason. */
export function ReasonDialog({ onSubmit, hint, ...dialog }: Props) {
  const [reason, setReason] = useState("");
  return (
    <FormDialog {...dialog} isReady={reason.trim().length >= 3} onSubmit={() => onSubmit(reason.trim())}>
      <ReasonField reason={reason} onReasonChange={setReason} {...(hint === undefined ? {} : { hint })} />
    </FormDialog>
  );
}
