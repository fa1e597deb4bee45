import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import type { Clock } from "../../shared/clock.ts";
import type { ServerConfig } from "./server_config.ts";

/** The certificate or its key cannot be used; `message` names the setting and the file. */
export class TlsPairError extends Error {
  override readonly name = "TlsPairError";
}

const EXPIRES_SOON_MS = 14 * 86_400_000;

export interface TlsPair {
  cert: string;
  key: string;
  expiresAt: Date;
  /** Clients will not accept it, or soon: it has expired, expires soon, or is not valid yet. */
  warning?: { subject: string; message: string };
}

/** Reads and tests the certificate chain and the private key. Throws TlsPairError. */
export async function readTlsPair(
  { certFile, keyFile }: NonNullable<ServerConfig["tls"]>,
  clock: Clock,
): Promise<TlsPair> {
  const cert = await readText("tls_cert", certFile);
  const key = await readText("tls_key", keyFile);
  const certificate = parsedCertificate(cert, certFile);
  if (!certificate.checkPrivateKey(parsedKey(key, keyFile))) {
    throw new TlsPairError(
      `tls_key: ${keyFile} is not the key of the first certificate in ${certFile}. ` +
        "The file must start with the certificate of the server, followed by the chain.",
    );
  }
  testListening({ cert, key }, certFile, keyFile);
  const expiresAt = new Date(certificate.validTo);
  return { cert, key, expiresAt, warning: certificateWarning(certificate, certFile, clock) };
}

async function readText(setting: string, file: string): Promise<string> {
  try {
    return await Deno.readTextFile(file);
  } catch (error) {
    const reason = error instanceof Deno.errors.NotFound
      ? "does not exist"
      : error instanceof Deno.errors.PermissionDenied
      ? "cannot be read by the user that runs the server"
      : `cannot be read (${(error as Error).message})`;
    throw new TlsPairError(`${setting}: ${file} ${reason}`);
  }
}

function parsedCertificate(text: string, file: string): X509Certificate {
  try {
    return new X509Certificate(firstBlock("CERTIFICATE", text));
  } catch {
    throw new TlsPairError(
      `tls_cert: ${file} contains no certificate in PEM format (BEGIN CERTIFICATE)`,
    );
  }
}

function parsedKey(text: string, file: string): KeyObject {
  try {
    return createPrivateKey(firstBlock("[A-Z ]*PRIVATE KEY", text));
  } catch {
    throw new TlsPairError(
      /ENCRYPTED/.test(text)
        ? `tls_key: ${file} is encrypted. To decrypt it, run: openssl pkey -in …`
        : `tls_key: ${file} contains no private key in PEM format (BEGIN PRIVATE KEY)`,
    );
  }
}

/** A file may contain both, and parameters (RFC 7468 section 5.1). */
function firstBlock(label: string, text: string): string {
  return new RegExp(`-----BEGIN (${label})-----[^]*?-----END \\1-----`).exec(text)?.[0] ?? "";
}

/** With the TLS library of the listener, which supports fewer kinds of keys. */
function testListening(
  pair: { cert: string; key: string },
  certFile: string,
  keyFile: string,
): void {
  try {
    Deno.listenTls({ hostname: "127.0.0.1", port: 0, ...pair }).close();
  } catch (error) {
    throw new TlsPairError(
      `tls_cert, tls_key: ${certFile} and ${keyFile} cannot be used (${(error as Error).message})`,
    );
  }
}

/** A warning about a certificate that was read from `file`. */
export function certificateWarning(
  { validFrom, validTo }: Pick<X509Certificate, "validFrom" | "validTo">,
  file: string,
  clock: Clock,
): TlsPair["warning"] {
  const subject = "tls_cert";
  const now = clock.now();
  if (Date.parse(validTo) <= now) return { subject, message: `${file} expired on ${validTo}.` };
  if (Date.parse(validFrom) > now) {
    return { subject, message: `${file} is not valid before ${validFrom}.` };
  }
  if (Date.parse(validTo) - now > EXPIRES_SOON_MS) return undefined;
  const message = `${file} expires on ${validTo}. Renew it: the server reads changed files.`;
  return { subject, message };
}
