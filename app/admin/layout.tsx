import type { ReactNode } from "react";
import ConsoleLayout from "../(console)/layout.tsx";

export default function AdminLayout({ children }: { children: ReactNode }) {
  return <ConsoleLayout>{children}</ConsoleLayout>;
}
