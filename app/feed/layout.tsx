import type { Metadata } from "next";
import type { ReactNode } from "react";

export const metadata: Metadata = {
  title: "Read and earn",
  description: "Short cards about computing, models, proofs and privacy that pay for the time you really look.",
  manifest: "/feed/manifest.webmanifest",
  appleWebApp: { capable: true, title: "Converge", statusBarStyle: "default" },
};

export default function FeedLayout({ children }: { children: ReactNode }) {
  return <div className="mx-auto min-h-dvh w-full max-w-[480px] bg-canvas sm:border-line sm:border-x">{children}</div>;
}
