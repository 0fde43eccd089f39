import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { AdjustmentsView } from "#components/admin/adjustments-view.tsx";
import { AdminNav } from "#components/admin/admin-nav.tsx";
import { PageHeader } from "#components/shell/page-header.tsx";
import { currentActor } from "#server/identity/current-actor.ts";

export const metadata: Metadata = { title: "Adjustments", robots: { index: false } };

export default async function AdjustmentsPage() {
  const actor = await currentActor();
  if (!actor?.roles.includes("admin")) notFound();
  return (
    <>
      <PageHeader
        title="Adjustments"
        description="What one admin proposes and another approves is posted, once and exactly so."
      />
      <AdminNav current="/admin/adjustments" />
      <AdjustmentsView />
    </>
  );
}
