"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { TriangleAlert } from "lucide-react";
import { type FormEvent, useState } from "react";
import { ALL_SCOPES, SCOPES, type Scope } from "#core/scopes.ts";
import { readApiError } from "../api/read-api-error.ts";
import { useTRPC } from "../api/trpc.ts";
import { readTime, TIME_DRAFT, TimeFields } from "../limits/time-fields.tsx";
import { AmountInput } from "../money/amount-input.tsx";
import { Button } from "../ui/button.tsx";
import { CheckboxRow } from "../ui/checkbox-row.tsx";
import { CopyButton } from "../ui/copy-button.tsx";
import { Dialog, DialogClose, DialogProblem } from "../ui/dialog.tsx";
import { Field } from "../ui/field.tsx";
import { Input } from "../ui/input.tsx";
import type { Popup } from "../ui/opener.tsx";
import { Select } from "../ui/select.tsx";

const EXPIRIES = [
  { value: "30", label: "30 days" },
  { value: "90", label: "90 days" },
  { value: "365", label: "1 year" },
  { value: "never", label: "No expiry" },
] as const;

const FORM_ID = "create-key";

type Props = Popup & { onCreated: (token: string) => void };

function ShownOnce({ token }: { token: string }) {
  return (
    <div className="flex flex-col gap-3">
      <p className="flex items-start gap-2 text-sm text-warn">
        <TriangleAlert aria-hidden className="mt-0.5 size-4 shrink-0" />
        Copy it now. Only its hash is kept, so it cannot be shown again.
      </p>
      <div className="flex items-center gap-2 rounded-md border border-line bg-canvas p-2 pl-3">
        <code className="min-w-0 flex-1 break-all font-mono text-sm">{token}</code>
        <CopyButton value={token} label="Copy the key" />
      </div>
    </div>
  );
}

export default function CreateKeyDialog({ onCreated, ...popup }: Props) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const [name, setName] = useState("");
  const [expiry, setExpiry] = useState<string>("90");
  const [scopes, setScopes] = useState<readonly Scope[]>(["inference:write", "balance:read"]);

  const [limit, setLimit] = useState("");
  const [time, setTime] = useState(TIME_DRAFT);
  const terms = readTime(time);

  const create = useMutation(
    trpc.identity.createApiKey.mutationOptions({
      onSuccess: (key) => {
        onCreated(key.token);
        return Promise.all([
          queryClient.invalidateQueries({ queryKey: trpc.identity.listApiKeys.queryKey() }),
          queryClient.invalidateQueries({ queryKey: trpc.cap.list.queryKey() }),
        ]);
      },
    }),
  );
  const submit = (event: FormEvent) => {
    event.preventDefault();
    create.mutate({
      name,
      scopes: [...scopes],
      ...(expiry === "never" ? {} : { expiresInDays: Number(expiry) }),
      ...(limit !== "" && terms ? { spendLimit: { units: limit, ...terms } } : {}),
    });
  };
  // What was shown once is gone with the dialog; the next one begins anew.
  const forget = () => {
    create.reset();
    setName("");
    setLimit("");
  };

  return (
    <Dialog
      {...popup}
      onClosed={forget}
      title={create.isSuccess ? "Your new key" : "Create an API key"}
      description={create.isSuccess ? create.data.name : "For programs. A key can do only what you tick here."}
      footer={
        create.isSuccess ? (
          <DialogClose render={<Button variant="primary">Done, I copied it</Button>} />
        ) : (
          <>
            {create.isError && <DialogProblem>{readApiError(create.error).message}</DialogProblem>}
            <DialogClose render={<Button>Cancel</Button>} />
            <Button
              type="submit"
              form={FORM_ID}
              variant="primary"
              isPending={create.isPending}
              disabled={name.trim() === "" || scopes.length === 0 || (limit !== "" && terms === null)}
            >
              Create key
            </Button>
          </>
        )
      }
    >
      {create.isSuccess ? (
        <ShownOnce token={create.data.token} />
      ) : (
        <form id={FORM_ID} onSubmit={submit} className="flex flex-col gap-4">
          <Field label="Name" hint="Where it will be used, such as “laptop” or “nightly job”.">
            <Input value={name} onChange={(event) => setName(event.target.value)} maxLength={60} required autoFocus />
          </Field>
          <Field label="Expires">
            <Select options={EXPIRIES} value={expiry} onValueChange={setExpiry} label="Expires" />
          </Field>
          <AmountInput
            label="Spending limit"
            hint="What goes above it is refused; empty for none."
            units={limit}
            onUnitsChange={setLimit}
          />
          {limit !== "" && <TimeFields time={time} onChange={setTime} />}
          <fieldset className="flex flex-col">
            <legend className="pb-1 font-medium text-sm">May</legend>
            {ALL_SCOPES.map((scope) => (
              <CheckboxRow
                key={scope}
                label={SCOPES[scope]}
                detail={scope}
                checked={scopes.includes(scope)}
                onCheckedChange={(checked) =>
                  setScopes(checked ? [...scopes, scope] : scopes.filter((other) => other !== scope))
                }
              />
            ))}
          </fieldset>
        </form>
      )}
    </Dialog>
  );
}
