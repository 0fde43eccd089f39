"use client";

import { useEffect, useRef, useState } from "react";
import { cn } from "../ui/class-names.ts";

type Piece = { at: number; text: string; stream: "stdout" | "stderr" | "node" };
const SHOWN_MAX = 2_000;

/** The job's log as it is written. A connection that breaks goes on from the byte it had reached. */
export function JobLog({ id }: { id: string }) {
  const [pieces, setPieces] = useState<Piece[]>([]);
  const [isOver, setIsOver] = useState(false);
  const box = useRef<HTMLPreElement>(null);
  const follows = useRef(true);

  useEffect(() => {
    setPieces([]);
    setIsOver(false);
    const source = new EventSource(`/api/v1/jobs/${id}/log/stream`);
    source.addEventListener("log", (event) => {
      const piece = JSON.parse((event as MessageEvent<string>).data) as Piece;
      setPieces((before) => [...before, piece].slice(-SHOWN_MAX));
    });
    source.addEventListener("end", () => {
      setIsOver(true);
      source.close();
    });
    return () => source.close();
  }, [id]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: whoever reads at the end stays there with every piece.
  useEffect(() => {
    const element = box.current;
    if (element && follows.current) element.scrollTop = element.scrollHeight;
  }, [pieces]);

  return (
    <section
      ref={box}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard.
      tabIndex={0}
      aria-label="Log"
      onScroll={({ currentTarget: { scrollTop, scrollHeight, clientHeight } }) => {
        follows.current = scrollHeight - scrollTop - clientHeight < 24;
      }}
      className="scroll-thin max-h-96 min-h-24 overflow-auto whitespace-pre-wrap break-words bg-sunken px-4 py-3 font-mono text-xs leading-5"
    >
      {pieces.map((piece) => (
        <span
          key={piece.at}
          className={cn(piece.stream === "stderr" && "text-bad", piece.stream === "node" && "text-ink-3")}
        >
          {piece.text}
        </span>
      ))}
      {pieces.length === 0 && (
        <span className="text-ink-3">{isOver ? "It wrote nothing." : "Nothing was written yet."}</span>
      )}
    </section>
  );
}
