"""Writes the trained weights as a GGUF v3 file of architecture llama, tensors in F16, norms in F32."""
import struct

import numpy as np

from tokenizer import ASSISTANT, BOS, END, FIRST_BYTE, SPACE, UNK

ALIGNMENT = 32
U32, F32, STRING, ARRAY, BOOL, I32 = 4, 6, 8, 9, 7, 5
NORMAL, UNKNOWN, CONTROL, BYTE = 1, 2, 3, 6
TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}{{ '<|' + message['role'] + '|>' + message['content'] + '<|end|>' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}"
)


def text(value):
    raw = value.encode("utf-8")
    return struct.pack("<Q", len(raw)) + raw


def scalar(kind, value):
    if kind == STRING:
        return text(value)
    return struct.pack({U32: "<I", F32: "<f", BOOL: "<?", I32: "<i"}[kind], value)


def field(key, kind, value):
    return text(key) + struct.pack("<I", kind) + scalar(kind, value)


def list_field(key, kind, values):
    return text(key) + struct.pack("<IIQ", ARRAY, kind, len(values)) + b"".join(scalar(kind, v) for v in values)


def token_kind(i):
    if i == UNK:
        return UNKNOWN
    if i <= ASSISTANT:
        return CONTROL
    return BYTE if i < FIRST_BYTE + 256 else NORMAL


def write_gguf(path, state, shape, tokenizer):
    tokens = tokenizer.tokens
    scores = [0.0 if t not in tokenizer.rank else -float(tokenizer.rank[t] + 1) for t in tokens]
    scores[tokenizer.ids[SPACE]] = -1e6
    fields = [
        field("general.architecture", STRING, "llama"),
        field("general.name", STRING, "converge/tiny-1"),
        field("general.license", STRING, "mit"),
        field("general.file_type", U32, 1),
        field("llama.block_count", U32, shape["layers"]),
        field("llama.context_length", U32, shape["context"]),
        field("llama.embedding_length", U32, shape["width"]),
        field("llama.feed_forward_length", U32, shape["hidden"]),
        field("llama.attention.head_count", U32, shape["heads"]),
        field("llama.attention.head_count_kv", U32, shape["heads"]),
        field("llama.attention.layer_norm_rms_epsilon", F32, 1e-5),
        field("llama.rope.dimension_count", U32, shape["width"] // shape["heads"]),
        field("llama.rope.freq_base", F32, 10000.0),
        field("llama.vocab_size", U32, len(tokens)),
        field("tokenizer.ggml.model", STRING, "llama"),
        field("tokenizer.ggml.pre", STRING, "default"),
        list_field("tokenizer.ggml.tokens", STRING, tokens),
        list_field("tokenizer.ggml.scores", F32, scores),
        list_field("tokenizer.ggml.token_type", I32, [token_kind(i) for i in range(len(tokens))]),
        field("tokenizer.ggml.bos_token_id", U32, BOS),
        field("tokenizer.ggml.eos_token_id", U32, END),
        field("tokenizer.ggml.eot_token_id", U32, END),
        field("tokenizer.ggml.unknown_token_id", U32, UNK),
        field("tokenizer.ggml.add_bos_token", BOOL, False),
        field("tokenizer.ggml.add_eos_token", BOOL, False),
        field("tokenizer.ggml.add_space_prefix", BOOL, False),
        field("tokenizer.chat_template", STRING, TEMPLATE),
    ]
    infos, blobs, offset = [], [], 0
    for name, tensor in state.items():
        array = tensor.astype(np.float32 if tensor.ndim == 1 else np.float16)
        blob = array.tobytes()
        dims = tuple(reversed(array.shape))
        infos.append(text(name) + struct.pack("<I", len(dims)) + struct.pack(f"<{len(dims)}Q", *dims)
                     + struct.pack("<IQ", 0 if tensor.ndim == 1 else 1, offset))
        blob += b"\0" * (-len(blob) % ALIGNMENT)
        blobs.append(blob)
        offset += len(blob)
    head = b"GGUF" + struct.pack("<IQQ", 3, len(infos), len(fields)) + b"".join(fields) + b"".join(infos)
    with open(path, "wb") as out:
        out.write(head + b"\0" * (-len(head) % ALIGNMENT) + b"".join(blobs))
