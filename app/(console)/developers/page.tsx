import type { Metadata } from "next";
import { DevelopersView } from "#components/developers/developers-view.tsx";
import { PageHeader } from "#components/shell/page-header.tsx";
import { network } from "#server/api/network.ts";

export const metadata: Metadata = { title: "Developers" };

export default function DevelopersPage() {
  return (
    <>
      <PageHeader title="Developers" description="Keys for programs, and a first call that works as it stands." />
      <DevelopersView publicUrl={network.publicUrl} />
    </>
  );
}
