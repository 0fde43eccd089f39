"use client";

import { type FormEvent, type ReactElement, type ReactNode, useId, useState } from "react";
import { readApiError } from "../api/read-api-error.ts";
import { AmountInput } from "../money/amount-input.tsx";
import { Button } from "../ui/button.tsx";
import { Dialog, DialogClose } from "../ui/dialog.tsx";

type Props = {
  trigger: ReactElement;
  title: string;
  description: string;
  submitLabel: string;
  /** Moves the money; a rejection is shown in the dialog. */
  onSubmit: (units: string) => Promise<unknown>;
  isReady?: boolean;
  children?: ReactNode;
};

/** Asks for an amount and moves it, telling what went wrong where it was asked. */
export function MoneyDialog({ trigger, title, description, submitLabel, onSubmit, isReady = true, children }: Props) {
  const formId = useId();
  const [isOpen, setIsOpen] = useState(false);
  const [units, setUnits] = useState("");
  const [isPending, setIsPending] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setIsPending(true);
    setProblem(null);
    try {
      await onSubmit(units);
      setIsOpen(false);
    } catch (error) {
      const { message, fix } = readApiError(error);
      setProblem(fix ? `${message} ${fix}` : message);
    } finally {
      setIsPending(false);
    }
  };

  return (
    <Dialog
      open={isOpen}
      onOpenChange={setIsOpen}
      trigger={trigger}
      title={title}
      description={description}
      footer={
        <>
          <DialogClose render={<Button>Cancel</Button>} />
          <Button
            type="submit"
            form={formId}
            variant="primary"
            isPending={isPending}
            disabled={units === "" || !isReady}
          >
            {submitLabel}
          </Button>
        </>
      }
    >
      <form id={formId} onSubmit={(event) => void submit(event)} className="flex flex-col gap-4">
        <AmountInput label="Amount" units={units} onUnitsChange={setUnits} />
        {children}
        {problem !== null && (
          <p role="alert" className="text-bad text-sm">
            {problem}
          </p>
        )}
      </form>
    </Dialog>
  );
}
