import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { AdminNav } from "#components/admin/admin-nav.tsx";
import { ReconciliationView } from "#components/admin/reconciliation-view.tsx";
import { PageHeader } from "#components/shell/page-header.tsx";
import { currentActor } from "#server/identity/current-actor.ts";

export const metadata: Metadata = { title: "Reconciliation", robots: { index: false } };

export default async function ReconciliationPage() {
  const actor = await currentActor();
  if (!actor?.roles.includes("admin")) notFound();
  return (
    <>
      <PageHeader
        title="Reconciliation"
        description="The ledger against itself and against the chain, every hour and whenever somebody asks."
      />
      <AdminNav current="/admin/reconciliation" />
      <ReconciliationView />
    </>
  );
}
