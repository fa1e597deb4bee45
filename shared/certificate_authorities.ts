/** The certificate authorities that TLS connections of this process trust. */
import { brand } from "./brand.ts";

/** The environment variable that names further authorities; on the server it sets `ca_file`. */
export const CA_FILE_VARIABLE = `${brand.envPrefix}_CA_FILE`;

/** A file with certificate authorities cannot be used; `message` names it and what to do. */
export class CertificateAuthorityError extends Error {
  override readonly name = "CertificateAuthorityError";
}

/** Where a process finds the authorities. */
export interface AuthoritySources {
  env: Readonly<Record<string, string | undefined>>;
  os: string;
  /** PEM file with authorities to trust besides those of the system. */
  caFile?: string;
  /** The setting or variable that named `caFile`, for errors. */
  caFileSetting?: string;
}

/** What `trustAuthorities` loads. */
export interface Authorities {
  /** Linux: the file with those of the system; undefined if the system has none. */
  systemFile?: string;
  /** The authorities built into the program: used where the system's may be missing or incomplete. */
  builtIn: boolean;
  /** Settings that add authorities or replace those of the system, with their values. */
  settings: { name: string; path: string; ignored?: "missing" }[];
  /** Certificates of files and folders that the system's store does not have, as PEM. */
  added: { path?: string; pem: string }[];
}

/** Where Linux distributions have the bundle of the system: Debian, Fedora, openSUSE, Alpine. */
const SYSTEM_FILES = [
  "/etc/ssl/certs/ca-certificates.crt",
  "/etc/pki/tls/certs/ca-bundle.crt",
  "/etc/ssl/ca-bundle.pem",
  "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
  "/etc/pki/tls/cacert.pem",
  "/etc/ssl/cert.pem",
];

const [BEGIN, END] = ["-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"];

/** The certificates in PEM format of a text (RFC 7468). */
function pemCertificates(text: string): string[] {
  return text.split(BEGIN).slice(1).map((rest) => rest.split(END, 2))
    .filter((parts) => parts.length === 2).map(([base64]) => BEGIN + base64 + END);
}

/**
 * The runtime reads its settings at the first connection, for the whole process. They are
 * set only while it does so: programs that this one starts inherit the environment. Call it before
 * the first TLS connection; only the first call has an effect. Throws CertificateAuthorityError.
 */
export function trustAuthorities(sources: AuthoritySources): void {
  if (loaded) return;
  const { systemFile, builtIn, added } = findAuthorities(sources);
  withFile(added, (addedFile) =>
    withEnvironment({
      DENO_TLS_CA_STORE: builtIn ? "mozilla,system" : "system",
      DENO_CERT: addedFile,
      ...systemFile !== undefined && { SSL_CERT_FILE: systemFile },
    }, () => {
      try {
        Deno.createHttpClient({}).close();
      } catch (error) {
        throw new CertificateAuthorityError(
          `The certificate authorities of this machine cannot be read: ${
            (error as Error).message
          }.`,
        );
      }
    }));
  loaded = true;
}

let loaded = false;

/**
 * As OpenSSL does, `SSL_CERT_FILE` replaces the bundle of a Linux system, and `SSL_CERT_DIR` adds
 * the certificates of its folders. macOS and Windows have a store instead of a bundle, which both
 * add to.
 */
export function findAuthorities(
  { env, os, caFile, caFileSetting = CA_FILE_VARIABLE }: AuthoritySources,
): Authorities {
  const settings: Authorities["settings"] = [];
  const added: Authorities["added"] = [];
  let systemFile = os === "linux" ? SYSTEM_FILES.find(isFile) : undefined;
  const { SSL_CERT_FILE: file, SSL_CERT_DIR: folders } = env;
  if (file) {
    settings.push({ name: "SSL_CERT_FILE", path: file });
    const pem = readCertificates(file, "SSL_CERT_FILE");
    if (os === "linux") systemFile = file;
    else added.push({ path: file, pem });
  }
  for (const folder of (folders ?? "").split(os === "windows" ? ";" : ":")) {
    if (folder === "") continue;
    const pem = certificatesIn(folder, systemFile);
    settings.push({
      name: "SSL_CERT_DIR",
      path: folder,
      ...pem === undefined && { ignored: "missing" },
    });
    if (pem) added.push({ pem });
  }
  if (caFile) {
    settings.push({ name: caFileSetting, path: caFile });
    added.push({ path: caFile, pem: readCertificates(caFile, caFileSetting) });
  }
  return {
    systemFile,
    // Windows downloads most of its authorities when they are first used.
    builtIn: os === "windows" || (os === "linux" && systemFile === undefined),
    settings,
    added,
  };
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

function readCertificates(path: string, setting: string): string {
  const use = `Set ${setting} to a PEM file with the certificates of authorities, or unset it.`;
  let text: string;
  try {
    text = Deno.readTextFileSync(path);
  } catch (error) {
    const reason = error instanceof Deno.errors.NotFound ? "does not exist" : "cannot be read";
    throw new CertificateAuthorityError(`${setting}: ${path} ${reason}. ${use}`);
  }
  const certificates = pemCertificates(text);
  if (certificates.length === 0) {
    throw new CertificateAuthorityError(
      `${setting}: ${path} contains no certificate in PEM format (BEGIN CERTIFICATE). ${use}`,
    );
  }
  if (!certificates.every(isDer)) {
    throw new CertificateAuthorityError(
      `${setting}: ${path} contains a certificate that is damaged. ${use}`,
    );
  }
  return text;
}

/** Whether a PEM block has the base64 of an ASN.1 SEQUENCE, as long as it says (X.690 section 8.1). */
function isDer(pem: string): boolean {
  let bytes: string;
  try {
    bytes = atob(pem.replace(/-----[A-Z ]+-----/g, ""));
  } catch {
    return false;
  }
  const [tag, first] = [bytes.charCodeAt(0), bytes.charCodeAt(1)];
  if (tag !== 0x30 || Number.isNaN(first)) return false;
  const lengthBytes = first < 0x80 ? 0 : first & 0x7f;
  let length = first < 0x80 ? first : 0;
  for (let at = 0; at < lengthBytes; at++) length = length * 256 + bytes.charCodeAt(2 + at);
  return bytes.length === 2 + lengthBytes + length;
}

/**
 * The certificates of a folder: the files that `openssl rehash` named by a hash, else all that are
 * named like certificates. Empty for the folder of the system's bundle, which has the same ones.
 * OpenSSL ignores a folder that is missing; undefined then.
 */
function certificatesIn(folder: string, systemFile: string | undefined): string | undefined {
  let names: string[];
  try {
    names = [...Deno.readDirSync(folder)].map(({ name }) => name);
  } catch {
    return undefined;
  }
  if (systemFile !== undefined && SYSTEM_FILES.includes(systemFile)) {
    if (names.some((name) => `${folder.replace(/\/$/, "")}/${name}` === systemFile)) return "";
  }
  const hashed = names.filter((name) => /^[0-9a-f]{8}\.\d+$/.test(name));
  const files = hashed.length > 0 ? hashed : names.filter((name) => /\.(pem|crt|cer)$/.test(name));
  return files.sort().flatMap((name) => {
    try {
      return pemCertificates(Deno.readTextFileSync(`${folder}/${name}`));
    } catch {
      return [];
    }
  }).join("\n");
}

/** Calls `use` with one file that has all of `added`: a temporary one if there are several. */
function withFile(
  added: Authorities["added"],
  use: (path: string | undefined) => void,
): void {
  if (added.length === 0) return use(undefined);
  if (added.length === 1 && added[0].path !== undefined) return use(added[0].path);
  const path = Deno.makeTempFileSync({ prefix: brand.binaryName, suffix: ".pem" });
  try {
    Deno.writeTextFileSync(path, added.map(({ pem }) => pem).join("\n"));
    use(path);
  } finally {
    Deno.removeSync(path);
  }
}

function withEnvironment(variables: Record<string, string | undefined>, use: () => void): void {
  const set = (name: string, value: string | undefined) =>
    value === undefined ? Deno.env.delete(name) : Deno.env.set(name, value);
  const original = Object.keys(variables).map((name) => [name, Deno.env.get(name)] as const);
  try {
    for (const [name, value] of Object.entries(variables)) set(name, value);
    use();
  } finally {
    for (const [name, value] of original) set(name, value);
  }
}
