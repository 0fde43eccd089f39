import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { AdminNav } from "#components/admin/admin-nav.tsx";
import { LedgerView } from "#components/admin/ledger-view.tsx";
import { PageHeader } from "#components/shell/page-header.tsx";
import { currentActor } from "#server/identity/current-actor.ts";

export const metadata: Metadata = { title: "Ledger", robots: { index: false } };

export default async function LedgerPage() {
  const actor = await currentActor();
  if (!actor?.roles.includes("admin")) notFound();
  return (
    <>
      <PageHeader
        title="Ledger"
        description="Every account, transfer, reservation and batch. Nothing can be changed here."
      />
      <AdminNav current="/admin/ledger" />
      <LedgerView />
    </>
  );
}
