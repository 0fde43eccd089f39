import { DomainError } from "../../errors.ts";

/** Text out of a model, cut to what fits in a sentence. */
export const shortened = (text: string): string => (text.length > 80 ? `${text.slice(0, 79)}…` : text);

export const invalid = (message: string): DomainError => new DomainError("ONNX_INVALID", { message });
export const tooLarge = (message: string): DomainError => new DomainError("ONNX_TOO_LARGE", { message });
export const unsupported = (message: string): DomainError => new DomainError("ONNX_UNSUPPORTED", { message });
