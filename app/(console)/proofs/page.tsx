import type { Metadata } from "next";
import { ProofsView } from "#components/proofs/proof-tables.tsx";
import { PageHeader } from "#components/shell/page-header.tsx";

export const metadata: Metadata = { title: "Proofs" };

export default function ProofsPage() {
  return (
    <>
      <PageHeader mark="bg-proofs" title="Proofs" description="What a private model answered, provable to anyone." />
      <ProofsView />
    </>
  );
}
