import { useEffect, useState, useSyncExternalStore } from "react";
import { FeedSession, type FeedSnapshot } from "./feed-session.ts";

/** One session for as long as the feed is on the screen. */
export function useFeedSession(userId: string): { session: FeedSession; snapshot: FeedSnapshot } {
  const [session, setSession] = useState(() => new FeedSession(userId));
  const snapshot = useSyncExternalStore(session.subscribe, session.getSnapshot, session.getSnapshot);
  useEffect(() => {
    // A stopped session stays stopped: when the page comes back to life it gets a fresh one.
    if (session.isStopped) {
      setSession(new FeedSession(userId));
      return;
    }
    void session.start();
    return () => session.stop();
  }, [session, userId]);
  return { session, snapshot };
}
