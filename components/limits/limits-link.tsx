import Link from "next/link";
import { Time } from "../ui/time.tsx";

/** The way on from a refusal by a limit: when there is room, and where limits are changed. */
export const LimitsLink = ({ roomAt }: { roomAt?: string | undefined }) => (
  <>
    {roomAt !== undefined && (
      <>
        Room returns <Time iso={roomAt} />.{" "}
      </>
    )}
    <Link href="/balance?tab=limits" className="underline underline-offset-4">
      See your limits
    </Link>
    .
  </>
);
