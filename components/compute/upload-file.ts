import { readApiError } from "../api/read-api-error.ts";

/** Brings a file up as the raw body and returns the name under which a job takes it in. */
export async function uploadFile(file: File): Promise<string> {
  const response = await fetch("/api/v1/blobs", {
    method: "POST",
    headers: { "content-type": "application/octet-stream" },
    body: file,
  });
  const answer: unknown = await response.json().catch(() => null);
  if (!response.ok) throw new Error(readApiError(answer).message);
  const { blob } = answer as { blob: string };
  return blob;
}
