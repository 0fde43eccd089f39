import type { Metadata } from "next";
import { SettingsView } from "#components/identity/settings-view.tsx";
import { PageHeader } from "#components/shell/page-header.tsx";

export const metadata: Metadata = { title: "Settings" };

export default function SettingsPage() {
  return (
    <>
      <PageHeader title="Settings" description="Who you are here, what signs for you, and where you are signed in." />
      <SettingsView />
    </>
  );
}
