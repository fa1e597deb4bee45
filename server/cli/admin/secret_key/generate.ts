import { randomBytes } from "node:crypto";
import { EXIT } from "../../../../shared/exit_codes.ts";
import type { ServerIo } from "../../../io.ts";

/** `admin secret-key generate`: only the key on standard output, so that it can go into a file. */
export function adminSecretKeyGenerate(io: ServerIo): number {
  return io.stdout(`${randomBytes(32).toString("base64")}\n`) ? EXIT.ok : EXIT.failure;
}
