import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { AdminNav } from "#components/admin/admin-nav.tsx";
import { AdminView } from "#components/admin/admin-view.tsx";
import { PageHeader } from "#components/shell/page-header.tsx";
import { currentActor } from "#server/identity/current-actor.ts";

export const metadata: Metadata = { title: "Admin", robots: { index: false } };

export default async function AdminPage() {
  // Each page of the back office asks for itself; to everybody else it is not there.
  const actor = await currentActor();
  if (!actor?.roles.includes("admin")) notFound();
  return (
    <>
      <PageHeader title="Admin" description="The whole platform on one page, as it is now." />
      <AdminNav current="/admin" />
      <AdminView />
    </>
  );
}
