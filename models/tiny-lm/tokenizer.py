"""The vocabulary of converge/tiny-1 and the SentencePiece-style greedy merge that llama.cpp uses for arch llama.

No piece holds a space after its first character or mixes letters with punctuation, so a text is counted word by
word; core/tiny-tokenizer.ts is the same algorithm and is tested against llama.cpp.
"""
import re
from collections import Counter

SPACE = "\u2581"
SPECIALS = ["<unk>", "<s>", "<|end|>", "<|system|>", "<|user|>", "<|assistant|>"]
UNK, BOS, END, SYSTEM, USER, ASSISTANT = range(6)
FIRST_BYTE = len(SPECIALS)
UNIT = re.compile(rf"{SPACE}?[A-Za-z]+|{SPACE}|[^A-Za-z{SPACE}]")


def learn_pieces(texts, piece_count):
    """Byte-pair merges over letter runs with an optional leading space, most frequent pair first."""
    words = Counter()
    for text in texts:
        words.update(u for u in UNIT.findall(text.replace(" ", SPACE)) if len(u) > 1)
    split = {word: list(word) for word in words}
    pieces = []
    while len(pieces) < piece_count:
        pairs = Counter()
        for word, symbols in split.items():
            for left, right in zip(symbols, symbols[1:]):
                pairs[left + right] += words[word]
        if not pairs:
            break
        best = max(pairs.items(), key=lambda item: (item[1], item[0]))[0]
        if pairs[best] < 2:
            break
        pieces.append(best)
        for symbols in split.values():
            i = 0
            while i + 1 < len(symbols):
                if symbols[i] + symbols[i + 1] == best:
                    symbols[i:i + 2] = [best]
                i += 1
    return pieces


class Tokenizer:
    def __init__(self, pieces):
        self.tokens = SPECIALS + [f"<0x{b:02X}>" for b in range(256)] + [SPACE] + pieces
        self.rank = {piece: i for i, piece in enumerate(pieces)}
        self.ids = {piece: i for i, piece in enumerate(self.tokens)}

    def encode_unit(self, unit):
        symbols = list(unit)
        while len(symbols) > 1:
            ranked = [(self.rank.get(a + b, 1 << 30), i) for i, (a, b) in enumerate(zip(symbols, symbols[1:]))]
            rank, i = min(ranked)
            if rank == 1 << 30:
                break
            symbols[i:i + 2] = [symbols[i] + symbols[i + 1]]
        ids = []
        for symbol in symbols:
            if symbol == SPACE or symbol in self.rank:
                ids.append(self.ids[symbol])
            else:
                ids.extend(FIRST_BYTE + byte for byte in symbol.encode("utf-8"))
        return ids

    def encode(self, text):
        return [i for unit in UNIT.findall(text.replace(" ", SPACE)) for i in self.encode_unit(unit)]

    def decode(self, ids):
        out = bytearray()
        for i in ids:
            if FIRST_BYTE <= i < FIRST_BYTE + 256:
                out.append(i - FIRST_BYTE)
            elif i >= FIRST_BYTE + 256:
                out += self.tokens[i].replace(SPACE, " ").encode("utf-8")
        return out.decode("utf-8", "replace")
