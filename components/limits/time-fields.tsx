"use client";

import type { SpendLimit } from "#core/schemas/cap.ts";
import { Field } from "../ui/field.tsx";
import { Input } from "../ui/input.tsx";
import { Select } from "../ui/select.tsx";

/** In which time a limit counts, as a person chooses it. */
export type TimeDraft = { choice: string; count: string; unit: string };

const HOUR_MS = 3_600_000;
const PRESETS = [
  { value: String(24 * HOUR_MS), label: "In any day" },
  { value: String(HOUR_MS), label: "In any hour" },
  { value: String(7 * 24 * HOUR_MS), label: "In any 7 days" },
  { value: String(30 * 24 * HOUR_MS), label: "In any 30 days" },
  { value: "custom", label: "In another stretch of time" },
  { value: "lifetime", label: "In all, ever" },
  { value: "transaction", label: "At a time" },
] as const;
const UNITS = [
  { value: "1000", label: "seconds" },
  { value: "60000", label: "minutes" },
  { value: String(HOUR_MS), label: "hours" },
  { value: String(24 * HOUR_MS), label: "days" },
] as const;

export const TIME_DRAFT: TimeDraft = { choice: PRESETS[0].value, count: "12", unit: String(HOUR_MS) };

/** The terms a draft stands for; null while its count is no number. */
export function readTime({ choice, count, unit }: TimeDraft): Omit<SpendLimit, "units"> | null {
  if (choice === "lifetime" || choice === "transaction") return { kind: choice };
  if (choice !== "custom") return { kind: "window", windowMs: Number(choice) };
  if (!/^[1-9]\d{0,5}$/.test(count)) return null;
  return { kind: "window", windowMs: Number(count) * Number(unit) };
}

export function TimeFields({ time, onChange }: { time: TimeDraft; onChange: (time: TimeDraft) => void }) {
  return (
    <>
      <Field label="Counted" hint="A window rolls: what was spent is forgotten once it is as old as the window.">
        <Select options={PRESETS} value={time.choice} onValueChange={(choice) => onChange({ ...time, choice })} />
      </Field>
      {time.choice === "custom" && (
        <div className="grid grid-cols-2 gap-3">
          <Field label="Length">
            <Input
              inputMode="numeric"
              className="tabular"
              value={time.count}
              onChange={(event) => onChange({ ...time, count: event.target.value.trim() })}
            />
          </Field>
          <Field label="Of">
            <Select options={UNITS} value={time.unit} onValueChange={(unit) => onChange({ ...time, unit })} />
          </Field>
        </div>
      )}
    </>
  );
}
