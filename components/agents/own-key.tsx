"use client";

import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { DomainError } from "#core/errors.ts";
import { readKeystore, unlockKey } from "#core/keystore.ts";
import { type OpenKey, readPrivateKey } from "#core/private-key.ts";
import { Button } from "../ui/button.tsx";
import { Field } from "../ui/field.tsx";
import { Identifier } from "../ui/identifier.tsx";
import { Input } from "../ui/input.tsx";
import { Select } from "../ui/select.tsx";

type Form = "keystore" | "text";
type Props = { opened: OpenKey | null; onOpenedChange: (opened: OpenKey | null) => void };

/** A key that its owner has already: opened in this page, and in no other place until the signer has it. */
export default function OwnKey({ opened, onOpenedChange }: Props) {
  const [form, setForm] = useState<Form>("keystore");
  const [file, setFile] = useState<File | null>(null);
  const [password, setPassword] = useState("");
  const [text, setText] = useState("");
  const open = useMutation({
    mutationFn: async () => {
      if (form === "text") return readPrivateKey(text);
      return unlockKey(readKeystore((await file?.text()) ?? ""), password);
    },
    onSuccess: (key) => {
      setPassword("");
      setText("");
      onOpenedChange(key);
    },
  });
  if (opened !== null)
    return (
      <div className="flex flex-wrap items-center justify-between gap-3 rounded-md border border-line p-3 text-sm">
        <span className="flex min-w-0 flex-wrap items-center gap-x-2">
          Unlocked: <Identifier value={opened.address} label="key address" />
        </span>
        <Button variant="ghost" size="sm" onClick={() => onOpenedChange(null)}>
          Take another
        </Button>
      </div>
    );
  const error = open.error instanceof DomainError ? open.error.message : open.error && "This file cannot be read.";
  const errorOf = (param: string) => {
    const at = open.error instanceof DomainError ? open.error.details.param : "keystore";
    return error && at === param ? { error } : {};
  };
  const isReady = form === "text" ? text !== "" : file !== null;
  return (
    <div className="grid gap-4 rounded-md border border-line p-3 sm:grid-cols-2">
      <Field label="What you have">
        <Select
          label="What you have"
          options={[
            { value: "keystore", label: "A keystore file" },
            { value: "text", label: "A private key" },
          ]}
          value={form}
          onValueChange={(value) => {
            setForm(value === "text" ? "text" : "keystore");
            open.reset();
          }}
        />
      </Field>
      {form === "keystore" ? (
        <>
          <Field label="File" hint="Version 3, as wallets write it." {...errorOf("keystore")}>
            <Input
              type="file"
              accept=".json,application/json"
              className="py-1"
              onChange={(event) => setFile(event.target.files?.[0] ?? null)}
            />
          </Field>
          <Field label="Its password" {...errorOf("password")}>
            <Input
              type="password"
              autoComplete="off"
              value={password}
              onChange={(event) => setPassword(event.target.value)}
            />
          </Field>
        </>
      ) : (
        <Field label="Private key" hint="64 hexadecimal digits." {...errorOf("privateKey")}>
          <Input
            type="password"
            autoComplete="off"
            spellCheck={false}
            className="font-mono"
            value={text}
            onChange={(event) => setText(event.target.value)}
          />
        </Field>
      )}
      <div className="flex items-end sm:col-start-2">
        <Button isPending={open.isPending} disabled={!isReady} onClick={() => open.mutate()}>
          Unlock
        </Button>
      </div>
    </div>
  );
}
