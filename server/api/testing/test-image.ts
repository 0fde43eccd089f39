import { execFile } from "node:child_process";
import { copyFile, mkdir, mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const NAME = "localhost/converge-test:1";
const PROGRAMS = ["sh", "cat", "echo", "sleep", "ls", "id", "touch", "tail", "true"];

/** A small image of one program, made here: no test fetches one from anywhere. Throws without busybox. */
export async function testImage(): Promise<string> {
  const run = promisify(execFile);
  const folder = await mkdtemp(join(tmpdir(), "converge-image-"));
  try {
    await mkdir(join(folder, "root/bin"), { recursive: true });
    await copyFile("/usr/bin/busybox", join(folder, "root/bin/busybox")).catch(() =>
      copyFile("/bin/busybox", join(folder, "root/bin/busybox")),
    );
    for (const program of PROGRAMS) await symlink("busybox", join(folder, "root/bin", program));
    await run("tar", ["-C", join(folder, "root"), "-cf", join(folder, "image.tar"), "."]);
    await run("podman", ["--log-level=error", "import", join(folder, "image.tar"), NAME], { timeout: 60_000 });
    return NAME;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
