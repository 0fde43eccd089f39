import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { AdminNav } from "#components/admin/admin-nav.tsx";
import { NodesView } from "#components/admin/nodes-view.tsx";
import { PageHeader } from "#components/shell/page-header.tsx";
import { currentActor } from "#server/identity/current-actor.ts";

export const metadata: Metadata = { title: "Nodes", robots: { index: false } };

export default async function NodesPage() {
  const actor = await currentActor();
  if (!actor?.roles.includes("admin")) notFound();
  return (
    <>
      <PageHeader
        title="Nodes"
        description="Whose machines they are, how they are tested, and what speaks against them."
      />
      <AdminNav current="/admin/nodes" />
      <NodesView />
    </>
  );
}
