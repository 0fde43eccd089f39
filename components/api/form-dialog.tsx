"use client";

import { type FormEvent, type ReactNode, useId } from "react";
import { LimitsLink } from "../limits/limits-link.tsx";
import { Button } from "../ui/button.tsx";
import { Dialog, DialogClose, DialogProblem } from "../ui/dialog.tsx";
import type { Popup } from "../ui/opener.tsx";
import { readApiError } from "./read-api-error.ts";

type Props = Popup & {
  title: string;
  description: string;
  submitLabel: string;
  /** Everything is filled in that the order needs. */
  isReady: boolean;
  isPending: boolean;
  /** Why the last try was refused; it is told where it was asked. */
  error: unknown;
  /** A way out of a refusal, set beside its sentence. */
  wayOut?: (code: string) => ReactNode;
  onSubmit: () => void;
  children: ReactNode;
};

/** A question in a dialog: some fields, one order, and what became of it. */
export function FormDialog(props: Props) {
  const { open, onOpenChange, anchor, title, description, submitLabel, isReady, isPending, error, children } = props;
  const formId = useId();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    props.onSubmit();
  };
  const problem = error ? readApiError(error) : null;
  return (
    <Dialog
      open={open}
      onOpenChange={onOpenChange}
      anchor={anchor}
      title={title}
      description={description}
      footer={
        <>
          {problem !== null && (
            <DialogProblem>
              {problem.fix ? `${problem.message} ${problem.fix}` : problem.message} {props.wayOut?.(problem.code)}
              {problem.code === "CAP_EXCEEDED" && <LimitsLink roomAt={problem.roomAt} />}
            </DialogProblem>
          )}
          <DialogClose render={<Button>Cancel</Button>} />
          <Button type="submit" form={formId} variant="primary" isPending={isPending} disabled={!isReady}>
            {submitLabel}
          </Button>
        </>
      }
    >
      <form id={formId} onSubmit={submit} className="flex flex-col gap-4">
        {children}
      </form>
    </Dialog>
  );
}
