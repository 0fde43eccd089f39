import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { AdminNav } from "#components/admin/admin-nav.tsx";
import { AgentsView } from "#components/admin/agents-view.tsx";
import { PageHeader } from "#components/shell/page-header.tsx";
import { currentActor } from "#server/identity/current-actor.ts";

export const metadata: Metadata = { title: "Agents", robots: { index: false } };

export default async function AgentsPage() {
  const actor = await currentActor();
  if (!actor?.roles.includes("admin")) notFound();
  return (
    <>
      <PageHeader title="Agents" description="Whose they are, what they do by themselves, and what stops them." />
      <AdminNav current="/admin/agents" />
      <AgentsView />
    </>
  );
}
