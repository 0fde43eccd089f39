import { z } from "zod";

/** Where servers that speak OpenAI's surface listen unless told otherwise. */
export const USUAL_PORTS: readonly { port: number; name: string }[] = [
  { port: 11434, name: "Ollama" },
  { port: 8000, name: "vLLM or Ray Serve" },
  { port: 8080, name: "llama.cpp" },
  { port: 1234, name: "LM Studio" },
  { port: 30000, name: "SGLang" },
];
const LOOK_MS = 1_500;

const modelList = z.object({
  data: z.array(z.object({ id: z.string().min(1).max(200), max_model_len: z.number().int().positive().nullish() })),
});

/** A model a server has; `contextTokens` is null when it does not say. */
export type FoundModel = { id: string; contextTokens: number | null };
export type FoundServer = { name: string; baseUrl: string; models: FoundModel[] };

/** The models of a server, or null when nothing there answers as one. */
export async function listServerModels(baseUrl: string, apiKey: string | null): Promise<FoundModel[] | null> {
  try {
    const response = await fetch(`${baseUrl}/models`, {
      signal: AbortSignal.timeout(LOOK_MS),
      redirect: "error",
      ...(apiKey ? { headers: { authorization: `Bearer ${apiKey}` } } : {}),
    });
    if (!response.ok) return null;
    const { data } = modelList.parse(await response.json());
    return data.map(({ id, max_model_len }) => ({ id, contextTokens: max_model_len ?? null }));
  } catch {
    return null;
  }
}

/** The model servers of this machine, of the ports given. */
export async function findServers(ports: typeof USUAL_PORTS = USUAL_PORTS): Promise<FoundServer[]> {
  const found = await Promise.all(
    ports.map(async ({ port, name }) => {
      const baseUrl = `http://127.0.0.1:${port}/v1`;
      const models = await listServerModels(baseUrl, null);
      return models && models.length > 0 ? { name, baseUrl, models } : null;
    }),
  );
  return found.filter((server) => server !== null);
}
