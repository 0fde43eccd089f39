import { VECTOR_EVENT_CHARACTERS_MAX } from "./schemas/node-protocol.ts";

/** Vectors travel as little-endian 32-bit floats in base64, the form OpenAI's clients ask for. */
export function vectorBase64(vector: Float32Array): string {
  const bytes = new Uint8Array(vector.length * 4);
  const view = new DataView(bytes.buffer);
  for (const [i, value] of vector.entries()) view.setFloat32(i * 4, value, true);
  let text = "";
  for (let at = 0; at < bytes.length; at += 8_192) text += String.fromCharCode(...bytes.subarray(at, at + 8_192));
  return btoa(text);
}

export function readVector(base64: string): number[] {
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  const view = new DataView(bytes.buffer);
  return Array.from({ length: bytes.length >> 2 }, (_, i) => view.getFloat32(i * 4, true));
}

/** A vector's text in parts that each fit into one event. */
export function vectorParts(vector: Float32Array): string[] {
  const text = vectorBase64(vector);
  const parts: string[] = [];
  for (let at = 0; at < text.length; at += VECTOR_EVENT_CHARACTERS_MAX)
    parts.push(text.slice(at, at + VECTOR_EVENT_CHARACTERS_MAX));
  return parts;
}
