"use client";

import { useQuery } from "@tanstack/react-query";
import type { Covers } from "#core/schemas/cap.ts";
import { useTRPC } from "../api/trpc.ts";
import { AddressInput } from "../money/address-input.tsx";
import { isAddress } from "../money/is-address.ts";
import { Field } from "../ui/field.tsx";
import { Select } from "../ui/select.tsx";
import { CATEGORY_WORDS } from "./limit-words.ts";

/** What a limit is to be on: a kind, and which one of it. */
export type CoversDraft = { kind: Covers["kind"]; which: string };

const KINDS: readonly { value: Covers["kind"]; label: string }[] = [
  { value: "everything", label: "Everything you and your agents spend" },
  { value: "balance", label: "Your own balance" },
  { value: "api-key", label: "An API key" },
  { value: "agent", label: "An agent" },
  { value: "category", label: "One kind of spending" },
  { value: "provider", label: "What one node may be paid" },
  { value: "counterparty", label: "Payments to one address" },
];
const isKind = (value: string): value is Covers["kind"] => KINDS.some((kind) => kind.value === value);
const CATEGORIES = Object.entries(CATEGORY_WORDS).map(([value, label]) => ({ value, label }));

/** What a draft stands for; null while nothing is chosen. */
export function readCovers({ kind, which }: CoversDraft): Covers | null {
  if (kind === "everything" || kind === "balance") return { kind };
  if (which === "") return null;
  if (kind === "provider") return { kind, nodeId: which };
  if (kind === "counterparty") return isAddress(which) ? { kind, address: which } : null;
  if (kind !== "category") return { kind, id: which };
  return which === "inference" || which === "withdrawal" || which === "cash-out" ? { kind, category: which } : null;
}

type Option = { value: string; label: string };
type WhichProps = { label: string; options: readonly Option[] | undefined; none: string };

function Which({
  label,
  options,
  none,
  which,
  onChange,
}: WhichProps & { which: string; onChange: (id: string) => void }) {
  return (
    <Field label={label} {...(options?.length === 0 ? { hint: none } : {})}>
      <Select
        options={options ?? []}
        value={which === "" ? null : which}
        onValueChange={onChange}
        placeholder={options === undefined ? "Loading" : "Choose"}
        disabled={options?.length === 0}
      />
    </Field>
  );
}

export function CoversFields({ draft, onChange }: { draft: CoversDraft; onChange: (draft: CoversDraft) => void }) {
  const trpc = useTRPC();
  const { kind, which } = draft;
  const keys = useQuery(trpc.identity.listApiKeys.queryOptions(undefined, { enabled: kind === "api-key" }));
  const agents = useQuery(trpc.agent.listAgents.queryOptions({ limit: 100 }, { enabled: kind === "agent" }));
  const nodes = useQuery(trpc.compute.listNodes.queryOptions({ limit: 100 }, { enabled: kind === "provider" }));
  const named = (rows: readonly { id: string; name: string }[] | undefined) =>
    rows?.map(({ id, name }) => ({ value: id, label: name }));
  const fields: Partial<Record<Covers["kind"], WhichProps>> = {
    "api-key": {
      label: "Key",
      options: named(keys.data?.data.filter(({ revokedAt }) => revokedAt === null)),
      none: "You have no API key yet.",
    },
    agent: { label: "Agent", options: named(agents.data?.data), none: "You have no agent yet." },
    category: { label: "Kind", options: CATEGORIES, none: "" },
    provider: { label: "Node", options: named(nodes.data?.data), none: "No node is online." },
  };
  const field = fields[kind];
  return (
    <>
      <Field label="On">
        <Select
          options={KINDS}
          value={kind}
          onValueChange={(next) => onChange({ kind: isKind(next) ? next : "everything", which: "" })}
        />
      </Field>
      {field && <Which {...field} which={which} onChange={(next) => onChange({ kind, which: next })} />}
      {kind === "counterparty" && (
        <AddressInput label="Address" value={which} onValueChange={(next) => onChange({ kind, which: next })} />
      )}
    </>
  );
}
