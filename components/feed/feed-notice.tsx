import { CloudOff, Info, LogIn } from "lucide-react";
import type { ReactNode } from "react";
import type { WithheldReason } from "#core/schemas/reward.ts";
import type { FeedSnapshot } from "./feed-session.ts";

const WITHHELD: Record<WithheldReason, string> = {
  USER_CAP: "You have reached today’s limit. It opens again bit by bit over the next 24 hours; read on if you like.",
  DEVICE_CAP: "This device has reached today’s limit. It opens again bit by bit over the next 24 hours.",
  BUDGET_EXHAUSTED: "The budget behind these cards is used up. Your reading is kept, but pays nothing right now.",
  CAMPAIGN_CLOSED: "These cards are not paying at the moment. Your reading is kept.",
  IMPLAUSIBLE: "The last stretch looked more like a machine than a reader, so it was not paid. Just read on.",
};

/** Says why the number stands still or less was paid than shown: what happened and what it means for the money. */
export function FeedNotice({ snapshot, isIdle }: { snapshot: FeedSnapshot; isIdle: boolean }) {
  const notice = noticeOf(snapshot, isIdle);
  return (
    <div role="status" className="empty:hidden">
      {notice && (
        <p className="flex items-start gap-2 border-line border-b bg-sunken px-6 py-2 text-ink-2 text-sm [&_svg]:mt-0.5 [&_svg]:size-4 [&_svg]:shrink-0">
          {notice}
        </p>
      )}
    </div>
  );
}

function noticeOf({ connection, withheld }: FeedSnapshot, isIdle: boolean): ReactNode {
  if (connection === "offline") {
    return (
      <>
        <CloudOff aria-hidden /> You are offline. Read on: what you earn is kept on this device and counted later.
      </>
    );
  }
  if (connection === "signed-out") {
    return (
      <>
        <LogIn aria-hidden />
        <span>
          You were signed out. What you read is kept on this device.{" "}
          <a href="/sign-in?next=/feed" className="font-medium text-ink underline underline-offset-2">
            Sign in
          </a>
        </span>
      </>
    );
  }
  if (connection === "unsupported")
    return info("This browser cannot keep your earnings safe here. Open the page over https.");
  if (connection === "no-campaign") return info("Nothing is paying right now. The cards are still good.");
  if (withheld) return info(WITHHELD[withheld]);
  return isIdle ? info("Still there? Touch the page and counting goes on.") : null;
}

function info(text: string): ReactNode {
  return (
    <>
      <Info aria-hidden /> {text}
    </>
  );
}
