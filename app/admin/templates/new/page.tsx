import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { AdminNav } from "#components/admin/admin-nav.tsx";
import { TemplateEditor } from "#components/admin/template-editor.tsx";
import { PageHeader } from "#components/shell/page-header.tsx";
import { currentActor } from "#server/identity/current-actor.ts";

export const metadata: Metadata = { title: "New template", robots: { index: false } };

export default async function NewTemplatePage() {
  const actor = await currentActor();
  if (!actor?.roles.includes("admin")) notFound();
  return (
    <>
      <PageHeader title="New template" description="A draft first: nobody is offered it until it is published." />
      <AdminNav current="/admin/templates" />
      <TemplateEditor template={null} />
    </>
  );
}
