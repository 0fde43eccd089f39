import type { NodeAccount } from "../core/schemas/node-protocol.ts";

const CLEAR = "\u001b[H\u001b[2J";
const LINES_KEPT = 8;
const DRAW_MS = 1_000;

export type Load = {
  name: string;
  nodeId: string;
  answering: number;
  capacity: number;
  leases: number;
  models: readonly string[];
  isAway: boolean;
};

/** Micro-dollars as dollars with all their decimals that are not nothing. */
export function dollars(units: string): string {
  const text = units.padStart(7, "0");
  return `$${text.slice(0, -6)}.${text.slice(-6).replace(/0{1,4}$/, "")}`;
}

/** What the terminal shows: what the node earns, how busy it is, and the last lines it said. */
export function viewText(load: Load, account: NodeAccount | null, lines: readonly string[]): string {
  const share = load.capacity === 0 ? 0 : Math.round((load.answering / load.capacity) * 20);
  return [
    `${load.name}  ${load.nodeId}  ${load.isAway ? "the platform is away" : "online"}`,
    "",
    `  Earned today     ${account ? dollars(account.earnedToday) : "…"}`,
    `  Thirty days      ${account ? dollars(account.earnedMonth) : "…"}`,
    `  Standing         ${account ? account.trust : "…"}${account?.trustReason ? ` (${account.trustReason})` : ""}`,
    "",
    `  Answering        ${"█".repeat(share)}${"·".repeat(20 - share)} ${load.answering} of ${load.capacity}`,
    `  Jobs             ${load.leases}`,
    `  Serving          ${load.models.join(", ") || "nothing"}`,
    "",
    ...lines.slice(-LINES_KEPT).map((line) => `  ${line}`),
    "",
  ].join("\n");
}

/** Draws the view over and over; what the program says becomes its last lines. */
export function startView(read: () => { load: Load; account: NodeAccount | null }) {
  const lines: string[] = [];
  const draw = () => {
    const { load, account } = read();
    process.stdout.write(CLEAR + viewText(load, account, lines));
  };
  const timer = setInterval(draw, DRAW_MS);
  return {
    say: (line: string) => {
      lines.push(`${new Date().toTimeString().slice(0, 8)}  ${line}`);
      lines.splice(0, Math.max(0, lines.length - LINES_KEPT));
    },
    stop: () => {
      clearInterval(timer);
      draw();
    },
  };
}
