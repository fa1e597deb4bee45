/** Keeps the certificate of the listener up to date with its files. */
import { X509Certificate } from "node:crypto";
import type { Clock } from "../shared/clock.ts";
import { pause } from "../shared/deadline.ts";
import type { ServerConfig } from "./config/server_config.ts";
import { certificateWarning, readTlsPair, type TlsPair, TlsPairError } from "./config/tls_pair.ts";
import type { Listener } from "./http/listener.ts";
import type { Log } from "./log.ts";

const CHECK_INTERVAL_MS = 60_000;
/** A renewal replaces two files: the pair is read again after this pause before it is rejected. */
const SECOND_READ_MS = 2_000;
const WARNING_INTERVAL_MS = 86_400_000;

export interface CertificateReloadDeps {
  tls: NonNullable<ServerConfig["tls"]>;
  clock: Clock;
  log: Log;
  listener: Pick<Listener, "replaceCertificate">;
}

export interface CertificateReload {
  /** When the certificate in use expires. */
  readonly expiresAt: Date;
  /** Reads the files now, changed or not. */
  reload(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Looks for changed files every minute, and warns once a day of a certificate that expires soon.
 * The old certificate stays in use while the files cannot be used.
 */
export function startCertificateReload(
  { tls, clock, log, listener }: CertificateReloadDeps,
  initial: TlsPair,
  { checkMs = CHECK_INTERVAL_MS, secondReadMs = SECOND_READ_MS } = {},
): CertificateReload {
  let current = initial;
  let warnedAt = initial.warning === undefined ? -Infinity : clock.now();
  let seen = fingerprint(tls);
  let running = Promise.resolve();
  const stopped = new AbortController();

  const read = async () => {
    try {
      return await readTlsPair(tls, clock);
    } catch (error) {
      if (!(error instanceof TlsPairError)) throw error;
      await pause(secondReadMs, stopped.signal);
      return await readTlsPair(tls, clock);
    }
  };
  const warn = () => {
    const warning = certificateWarning(new X509Certificate(current.cert), tls.certFile, clock);
    if (warning === undefined) return;
    warnedAt = clock.now();
    log("warn", "tls_certificate", { reason: warning.message });
  };
  const load = async () => {
    try {
      const pair = await read();
      seen = fingerprint(tls);
      if (pair.cert === current.cert && pair.key === current.key) return;
      await listener.replaceCertificate(pair);
      current = pair;
      log("info", "tls_certificate_reloaded", { expires: pair.expiresAt.toISOString() });
      warn();
    } catch (error) {
      const reason = `${(error as Error).message} The certificate that expires on ` +
        `${current.expiresAt.toISOString()} stays in use. Correct the files: the server reads ` +
        "them again when they change, and on SIGHUP.";
      log("error", "tls_certificate_rejected", { reason });
    }
  };
  const check = async () => {
    const now = fingerprint(tls);
    if (now !== seen) {
      // Also if they cannot be used: that is logged once.
      seen = now;
      await load();
    }
    if (Math.abs(clock.now() - warnedAt) >= WARNING_INTERVAL_MS) warn();
  };
  const run = (work: () => Promise<void>) => running = running.then(work).catch(() => {});
  const timer = setInterval(() => run(check), checkMs);
  return {
    get expiresAt() {
      return current.expiresAt;
    },
    reload: () => run(load),
    async stop() {
      clearInterval(timer);
      stopped.abort();
      await running;
    },
  };
}

/** Changes when a file is written, or a symbolic link in its path leads elsewhere. */
function fingerprint({ certFile, keyFile }: NonNullable<ServerConfig["tls"]>): string {
  return [certFile, keyFile].map((file) => {
    try {
      const { dev, ino, size, mtime } = Deno.statSync(file);
      return `${dev} ${ino} ${size} ${mtime?.getTime()}`;
    } catch (error) {
      return (error as Error).name;
    }
  }).join();
}
