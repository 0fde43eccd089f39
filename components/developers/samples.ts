export const SAMPLE_LANGUAGES = [
  { value: "curl", label: "curl" },
  { value: "typescript", label: "TypeScript" },
  { value: "python", label: "Python" },
] as const;
export type SampleLanguage = (typeof SAMPLE_LANGUAGES)[number]["value"];

const MODEL = "converge/tiny-1";
const QUESTION = "What is Converge?";

/** The first call, ready to run: with the key just made, or with the variable it belongs into. */
export function firstCall(language: SampleLanguage, publicUrl: string, token: string | null): string {
  const base = `${publicUrl}/api/v1`;
  if (language === "curl") {
    return `curl -N ${base}/chat/completions \\
  -H "Authorization: Bearer ${token ?? "$CONVERGE_KEY"}" \\
  -H "Content-Type: application/json" \\
  -d '{"model": "${MODEL}", "stream": true,
       "messages": [{"role": "user", "content": "${QUESTION}"}]}'`;
  }
  if (language === "typescript") {
    return `import OpenAI from "openai";

const client = new OpenAI({
  baseURL: "${base}",
  apiKey: ${token ? `"${token}"` : "process.env.CONVERGE_KEY"},
});

const stream = await client.chat.completions.create({
  model: "${MODEL}",
  messages: [{ role: "user", content: "${QUESTION}" }],
  stream: true,
});
for await (const chunk of stream) {
  process.stdout.write(chunk.choices[0]?.delta?.content ?? "");
}`;
  }
  return `${token ? "" : "import os\n"}from openai import OpenAI

client = OpenAI(
    base_url="${base}",
    api_key=${token ? `"${token}"` : 'os.environ["CONVERGE_KEY"]'},
)

stream = client.chat.completions.create(
    model="${MODEL}",
    messages=[{"role": "user", "content": "${QUESTION}"}],
    stream=True,
)
for chunk in stream:
    if chunk.choices:
        print(chunk.choices[0].delta.content or "", end="", flush=True)`;
}
