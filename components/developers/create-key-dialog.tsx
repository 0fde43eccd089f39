"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { TriangleAlert } from "lucide-react";
import { type FormEvent, useState } from "react";
import { readApiError } from "../api/read-api-error.ts";
import { useTRPC } from "../api/trpc.ts";
import { readTime } from "../limits/time-fields.tsx";
import { Button } from "../ui/button.tsx";
import { CopyButton } from "../ui/copy-button.tsx";
import { Dialog, DialogClose, DialogProblem } from "../ui/dialog.tsx";
import type { Popup } from "../ui/opener.tsx";
import { CreateKeyFields, KEY_DRAFT, NO_EXPIRY } from "./create-key-fields.tsx";

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
  const [draft, setDraft] = useState(KEY_DRAFT);
  const terms = readTime(draft.time);

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
    const { name, scopes, expiry, isLimited, limit } = draft;
    create.mutate({
      name,
      scopes: [...scopes],
      ...(expiry === NO_EXPIRY ? {} : { expiresInDays: Number(expiry) }),
      ...(isLimited && terms ? { spendLimit: { units: limit, ...terms } } : {}),
    });
  };
  const hasItsLimit = !draft.isLimited || (draft.limit !== "" && terms !== null);
  const isReady = draft.name.trim() !== "" && draft.scopes.length > 0 && hasItsLimit;
  // What was shown once is gone with the dialog; the next one begins anew.
  const forget = () => {
    create.reset();
    setDraft({ ...draft, name: "", isLimited: false, limit: "" });
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
            <Button type="submit" form={FORM_ID} variant="primary" isPending={create.isPending} disabled={!isReady}>
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
          <CreateKeyFields draft={draft} onChange={(patch) => setDraft((was) => ({ ...was, ...patch }))} />
        </form>
      )}
    </Dialog>
  );
}
