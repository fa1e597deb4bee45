/** `login`, approved by the administrator in a browser. */
import assert from "node:assert/strict";
import { EXIT } from "../../shared/exit_codes.ts";
import { start } from "./binary.ts";
import type { Installation } from "./installation.ts";
import type { TemporaryHome } from "./temporary_home.ts";

export async function logIn(server: Installation, home: TemporaryHome): Promise<void> {
  const args = ["login", "--server", server.issuer, "--no-browser", "--insecure-storage"];
  await using running = start(args, { env: home.env });
  const [, code] = await running.waitFor(/Enter code:\s+(\S+)/);
  await server.alice.decide(code, "approve");
  assert.equal((await running.ended).code, EXIT.ok);
}
