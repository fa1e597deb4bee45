import { createPrivateKey } from "node:crypto";
import type { ServerConfig, SigningAlgorithm } from "../config/server_config.ts";
import { brand } from "../../shared/brand.ts";
import { type ExternalSigner, fileSigner } from "./external_signer.ts";
import { KeyError, readPrivateKey } from "./import_key.ts";

/** The content of a file of the operator, or why it cannot be used. */
export type ReadSecret = (file: string) => Promise<string | { message: string }>;

/**
 * What signs in place of keys in the database: nothing unless the settings name files or a program.
 * Throws KeyError or SigningUnavailable.
 */
export async function loadSigners(
  { signingKeyFile, signingKeyCommand, signingAlgorithm }: Pick<
    ServerConfig,
    "signingKeyFile" | "signingKeyCommand" | "signingAlgorithm"
  >,
  env: Record<string, string>,
  readSecret: ReadSecret,
): Promise<ExternalSigner[]> {
  if (signingKeyCommand !== undefined) {
    const { commandSigner } = await import("./signing_command.ts");
    return [await commandSigner({ command: signingKeyCommand, env: withoutSecrets(env) })];
  }
  const files = signingKeyFile ?? [];
  return await Promise.all(files.map((file) => loadFile(file, signingAlgorithm, readSecret)));
}

async function loadFile(
  file: string,
  signingAlgorithm: SigningAlgorithm,
  readSecret: ReadSecret,
): Promise<ExternalSigner> {
  const text = await readSecret(file);
  if (typeof text !== "string") throw new KeyError(`signing_key_file: ${text.message}`);
  // Ed25519 keys fit two names.
  const preferred = signingAlgorithm === "Ed25519" ? signingAlgorithm : undefined;
  try {
    const key = await readPrivateKey(text, preferred).catch(() => readPrivateKey(text));
    return fileSigner(key, createPrivateKey({ key: key.privateJwk as never, format: "jwk" }));
  } catch (error) {
    if (!(error instanceof KeyError)) throw error;
    throw new KeyError(`signing_key_file: ${file}: ${error.message}.`);
  }
}

/** The program needs no secret of the server. */
function withoutSecrets(env: Record<string, string>): Record<string, string> {
  const isOurs = (name: string) =>
    name.toUpperCase().startsWith(`${brand.envPrefix}_`) || name === "DATABASE_URL";
  return Object.fromEntries(Object.entries(env).filter(([name]) => !isOurs(name)));
}
