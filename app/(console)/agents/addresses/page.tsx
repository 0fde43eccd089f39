import type { Metadata } from "next";
import { AddressBook } from "#components/addresses/address-book.tsx";
import { PageHeader } from "#components/shell/page-header.tsx";

export const metadata: Metadata = { title: "Addresses" };

export default function AddressesPage() {
  return (
    <>
      <PageHeader
        mark="bg-agents"
        title="Addresses"
        description="Who is behind the addresses that you and your agents pay."
      />
      <AddressBook />
    </>
  );
}
