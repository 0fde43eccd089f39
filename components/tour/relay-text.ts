import { EventSourceParserStream } from "eventsource-parser/stream";
import { z } from "zod";

const chunkSchema = z.object({
  choices: z.array(z.object({ delta: z.object({ content: z.string().nullish() }).optional() })),
});

/** The same response, whose streamed text is also told piece by piece while it arrives. */
export function relayText(response: Response, told: (text: string) => void): Response {
  if (!response.ok || !response.body) return response;
  const [forReader, forObserver] = response.body.tee();
  const events = forObserver.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream());
  // The reader of the response meets a broken stream itself; the observer only falls silent.
  void tellAll(events.getReader(), told).catch(() => undefined);
  const { status, statusText, headers } = response;
  return new Response(forReader, { status, statusText, headers });
}

async function tellAll(
  reader: ReadableStreamDefaultReader<{ data: string }>,
  told: (text: string) => void,
): Promise<void> {
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    if (value.data === "[DONE]") continue;
    const chunk = chunkSchema.safeParse(JSON.parse(value.data)).data;
    const text = chunk?.choices[0]?.delta?.content;
    if (text) told(text);
  }
}
