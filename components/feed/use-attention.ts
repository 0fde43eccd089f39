import { useEffect, useEffectEvent, useRef, useState } from "react";
import { type Attention, AttentionTracker } from "./attention.ts";

type Options = { onAttention: (attention: Attention) => void; onLook: (dwellMs: number) => void };

/** Watches the list behind `listRef`, and says which card is being read. */
export function useAttention(options: Options) {
  const listRef = useRef<HTMLUListElement>(null);
  const [active, setActive] = useState<{ key: string | null; isIdle: boolean }>({ key: null, isIdle: false });
  const onAttention = useEffectEvent(options.onAttention);
  const onLook = useEffectEvent(options.onLook);

  useEffect(() => {
    const list = listRef.current;
    if (!list) return;
    const tracker = new AttentionTracker(list, {
      onAttention: (attention) => onAttention(attention),
      onLook: (dwellMs) => onLook(dwellMs),
      onActive: setActive,
    });
    return () => tracker.stop();
  }, []);

  return { listRef, activeKey: active.key, isIdle: active.isIdle };
}
