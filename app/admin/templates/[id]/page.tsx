import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { AdminNav } from "#components/admin/admin-nav.tsx";
import { TemplateDetail } from "#components/admin/template-detail.tsx";
import { PageHeader } from "#components/shell/page-header.tsx";
import { currentActor } from "#server/identity/current-actor.ts";

export const metadata: Metadata = { title: "Template", robots: { index: false } };

export default async function TemplatePage({ params }: { params: Promise<{ id: string }> }) {
  const actor = await currentActor();
  if (!actor?.roles.includes("admin")) notFound();
  const { id } = await params;
  return (
    <>
      <PageHeader
        title="Template"
        description="Saving makes a new version. Agents that were made from an older one stay as they are."
      />
      <AdminNav current="/admin/templates" />
      <TemplateDetail id={id} />
    </>
  );
}
