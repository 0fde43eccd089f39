import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { AdminNav } from "#components/admin/admin-nav.tsx";
import { TemplatesView } from "#components/admin/templates-view.tsx";
import { PageHeader } from "#components/shell/page-header.tsx";
import { currentActor } from "#server/identity/current-actor.ts";

export const metadata: Metadata = { title: "Templates", robots: { index: false } };

export default async function TemplatesPage() {
  const actor = await currentActor();
  if (!actor?.roles.includes("admin")) notFound();
  return (
    <>
      <PageHeader
        title="Templates"
        description="What people begin an agent with. Changing or retiring one never changes an agent that was made from it."
      />
      <AdminNav current="/admin/templates" />
      <TemplatesView />
    </>
  );
}
