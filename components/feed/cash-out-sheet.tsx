import { Check, CircleDashed, Fingerprint, LoaderCircle } from "lucide-react";
import { lazy, Suspense, useRef, useState } from "react";
import type { CashOut } from "#core/schemas/reward.ts";
import { Amount } from "../money/amount.tsx";
import { Button } from "../ui/button.tsx";
import type { CashOutStep } from "./cash-out.ts";
import type { FeedSession, FeedSnapshot } from "./feed-session.ts";
import { type CashOutState, useCashOut } from "./use-cash-out.ts";

const Dialog = lazy(() => import("../ui/dialog.tsx").then((module) => ({ default: module.Dialog })));

const STEPS: { step: CashOutStep; title: string; text: string }[] = [
  { step: "leaving", title: "On its way", text: "Your money leaves the balance and is set aside for you." },
  { step: "confirming", title: "Confirm it is you", text: "Your face, your finger or your PIN." },
  { step: "arriving", title: "Arriving", text: "It moves to the account that only you control." },
];

type Props = { session: FeedSession; snapshot: FeedSnapshot };

/** One tap takes everything out; the sheet shows where it is until it has arrived. */
export function CashOutSheet({ session, snapshot }: Props) {
  const { state, underWay, start, finish, addPasskey, reset } = useCashOut(session);
  const [isOpen, setIsOpen] = useState(false);
  const [wasOpened, setWasOpened] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const isEmpty = snapshot.cleared + snapshot.pending === 0n;

  const tap = () => {
    setWasOpened(true);
    setIsOpen(true);
    if (state.kind === "moving") return;
    if (underWay) void finish(underWay);
    else void start();
  };
  const toggle = (open: boolean) => {
    setIsOpen(open);
    if (!open && state.kind !== "moving") reset();
  };

  return (
    <>
      <Button
        ref={button}
        variant="primary"
        size="lg"
        isPending={state.kind === "moving" && !isOpen}
        disabled={isEmpty && !underWay && state.kind !== "moving"}
        onClick={tap}
      >
        {underWay ? "On its way" : "Cash out"}
      </Button>
      {wasOpened && (
        <Suspense fallback={null}>
          <Dialog open={isOpen} onOpenChange={toggle} anchor={button} title={titleOf(state)}>
            <div aria-live="polite">
              {state.kind === "moving" && <Steps current={state.step} cashOut={state.cashOut} />}
              {state.kind === "needs-passkey" && <NeedsPasskey state={state} onAdd={() => void addPasskey()} />}
              {state.kind === "arrived" && <Arrived cashOut={state.cashOut} onClose={() => toggle(false)} />}
              {state.kind === "stopped" && (
                <Stopped state={state} onAgain={() => (state.cashOut ? void finish(state.cashOut) : void start())} />
              )}
            </div>
          </Dialog>
        </Suspense>
      )}
    </>
  );
}

function titleOf(state: CashOutState): string {
  if (state.kind === "arrived") return "Arrived";
  if (state.kind === "needs-passkey") return "Make it yours";
  if (state.kind === "stopped") return state.cashOut ? "Waiting for you" : "Not yet";
  return "Cash out";
}

function Steps({ current, cashOut }: { current: CashOutStep; cashOut: CashOut | null }) {
  const at = STEPS.findIndex(({ step }) => step === current);
  return (
    <>
      {cashOut && (
        <p className="mb-4 font-semibold text-4xl tracking-tight">
          <Amount units={cashOut.amount.units} />
        </p>
      )}
      <ol className="flex flex-col gap-4 pb-2">
        {STEPS.map(({ step, title, text }, i) => (
          <li key={step} className="flex gap-3" aria-current={i === at ? "step" : undefined}>
            <StepMark state={i < at ? "done" : i === at ? "now" : "later"} />
            <div className={i > at ? "text-ink-3" : "text-ink"}>
              <p className="font-medium text-lg">{title}</p>
              <p className="text-base text-ink-2">{text}</p>
            </div>
          </li>
        ))}
      </ol>
    </>
  );
}

function StepMark({ state }: { state: "done" | "now" | "later" }) {
  if (state === "done") return <Check aria-label="Done" className="mt-1 size-4 shrink-0 text-ok" />;
  if (state === "now")
    return <LoaderCircle aria-label="Now" className="mt-1 size-4 shrink-0 animate-spin text-rewards" />;
  return <CircleDashed aria-hidden className="mt-1 size-4 shrink-0 text-ink-3" />;
}

function NeedsPasskey({ state, onAdd }: { state: CashOutState & { kind: "needs-passkey" }; onAdd: () => void }) {
  return (
    <div className="flex flex-col gap-4 pb-2">
      <p className="text-ink-2 text-lg">
        Your money goes to an account that opens with your face, your finger or your PIN, and with nothing else. It is
        made once, on this device.
      </p>
      {state.message && <p className="text-base text-warn">{state.message}</p>}
      <Button variant="primary" size="xl" className="w-full" isPending={state.isBusy} onClick={onAdd}>
        {!state.isBusy && <Fingerprint aria-hidden />} Continue
      </Button>
    </div>
  );
}

function Arrived({ cashOut, onClose }: { cashOut: CashOut; onClose: () => void }) {
  return (
    <div className="flex flex-col gap-4 pb-2">
      <p className="flex items-center gap-3 font-semibold text-4xl tracking-tight">
        <Check aria-hidden className="size-8 text-ok" />
        <Amount units={cashOut.amount.units} />
      </p>
      <p className="text-ink-2 text-lg">It is in your own account now. Nobody else can move it, not even us.</p>
      <p className="text-ink-3 text-sm">
        Receipt <span className="font-mono">{cashOut.id}</span>
      </p>
      <Button size="xl" className="w-full" onClick={onClose}>
        Back to reading
      </Button>
    </div>
  );
}

function Stopped({ state, onAgain }: { state: CashOutState & { kind: "stopped" }; onAgain: () => void }) {
  return (
    <div className="flex flex-col gap-4 pb-2">
      {state.cashOut && (
        <p className="font-semibold text-4xl tracking-tight">
          <Amount units={state.cashOut.amount.units} />
        </p>
      )}
      <p className="text-ink-2 text-lg">{state.message}</p>
      {state.cashOut && (
        <p className="text-base text-ink-3">It has left your balance and is set aside for you alone.</p>
      )}
      <Button variant="primary" size="xl" className="w-full" onClick={onAgain}>
        {state.cashOut ? "Confirm now" : "Try again"}
      </Button>
    </div>
  );
}
