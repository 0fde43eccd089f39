"use client";

import { KeyRound } from "lucide-react";
import { type FormEvent, useState } from "react";
import { Button } from "../ui/button.tsx";
import { Field } from "../ui/field.tsx";
import { Input } from "../ui/input.tsx";
import { describeFailure } from "./describe-failure.ts";
import { makePasskey, showPasskey } from "./passkey-ceremonies.ts";
import { type SignInResult, startSession } from "./start-sign-in.ts";

async function usePasskey(): Promise<SignInResult> {
  return startSession("passkey", { flow: "login", response: JSON.stringify(await showPasskey()) });
}

async function createPasskey(name: string): Promise<SignInResult> {
  const response = await makePasskey(name);
  return startSession("passkey", { flow: "register", name, response: JSON.stringify(response) });
}

type Props = { onSignedIn: () => void; onFailure: (message: string) => void };

/** The first way in: a face, a finger or a PIN, and nothing to remember. */
export function PasskeySignIn({ onSignedIn, onFailure }: Props) {
  const [pending, setPending] = useState<"use" | "create" | null>(null);
  const [name, setName] = useState("");

  const run = async (kind: "use" | "create", start: () => Promise<SignInResult>) => {
    setPending(kind);
    try {
      const result = await start();
      if (result.ok) onSignedIn();
      else onFailure(result.message);
    } catch (error) {
      onFailure(describeFailure(error));
    } finally {
      setPending(null);
    }
  };
  const create = (event: FormEvent) => {
    event.preventDefault();
    void run("create", () => createPasskey(name.trim() || "You"));
  };

  return (
    <div className="flex flex-col gap-6">
      <Button
        variant="primary"
        size="lg"
        className="w-full"
        isPending={pending === "use"}
        disabled={pending !== null}
        onClick={() => void run("use", usePasskey)}
      >
        {pending !== "use" && <KeyRound aria-hidden />}
        Sign in with a passkey
      </Button>
      <form onSubmit={create} className="flex flex-col gap-2 border-line border-t pt-6">
        <Field label="New here? Your name, if you like" hint="You can be anyone.">
          <div className="flex flex-wrap gap-2">
            <Input
              placeholder="You"
              value={name}
              onChange={(event) => setName(event.target.value)}
              autoComplete="name"
              maxLength={60}
              className="flex-1 basis-32"
              isLarge
            />
            <Button
              type="submit"
              size="lg"
              isPending={pending === "create"}
              disabled={pending !== null}
              className="flex-1 sm:flex-none"
            >
              Create a passkey
            </Button>
          </div>
        </Field>
      </form>
    </div>
  );
}
