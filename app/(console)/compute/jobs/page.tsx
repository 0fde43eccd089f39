import { redirect } from "next/navigation";

/** The jobs are a tab of the compute page; this is where a crumb or a shortened address leads. */
export default function JobsPage() {
  redirect("/compute?tab=jobs");
}
