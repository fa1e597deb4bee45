/** `login`, approved by the administrator in a browser. */
import assert from "node:assert/strict";
import { EXIT } from "../../shared/exit_codes.ts";
import { start } from "./binary.ts";
import { WIDEST_MANAGEMENT_SCOPES } from "./management_scopes.ts";
import type { Installation } from "./installation.ts";
import type { TemporaryHome } from "./temporary_home.ts";

/**
 * `managing`: with every permission for managing tokens, and scopes that these may have.
 * `resources`: for these too.
 */
export async function logIn(
  server: Installation,
  home: TemporaryHome,
  { managing, resources = [] }: { managing?: string[]; resources?: string[] } = {},
): Promise<void> {
  const args = ["login", "--server", server.issuer, "--no-browser", "--insecure-storage"];
  if (managing !== undefined) {
    const login = ["openid", "profile", "email", "offline_access"];
    args.push("--scope", [...login, ...WIDEST_MANAGEMENT_SCOPES, ...managing].join(" "));
  }
  for (const resource of resources) args.push("--for", resource);
  await using running = start(args, { env: home.env });
  const [, code] = await running.waitFor(/Enter code:\s+(\S+)/);
  await server.alice.decide(code, "approve");
  assert.equal((await running.ended).code, EXIT.ok);
}
