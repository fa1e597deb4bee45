/** Downloads a file of a release, limited in time and size, and only over https. */
import { brand } from "../../shared/brand.ts";
import { ClientError } from "../errors.ts";
import type { ClientIo } from "../io.ts";
import { connectionError } from "../oauth/connection_error.ts";
import { isLoopback } from "../oauth/host.ts";
import { CHECK_RELEASE_URL } from "./release_url.ts";

const MAX_REDIRECTS = 5;

export type DownloadIo = Pick<ClientIo, "fetch" | "signal" | "clock" | "env">;

export interface DownloadLimits {
  maxBytes: number;
  /** For the whole download. */
  timeoutMs: number;
  /** Without a byte. */
  stallMs: number;
}

const REMEDIES = {
  address: CHECK_RELEASE_URL,
  outage: "Check the network and the proxy, then try again.",
};

/**
 * The file at `url`; undefined if there is none. `onBytes` gets the size of each piece and, if the
 * server says it, of the file. Throws ClientError, or the reason of `io.signal`.
 */
export async function download(
  url: string,
  { maxBytes, timeoutMs, stallMs }: DownloadLimits,
  io: DownloadIo,
  onBytes: (bytes: number, total: number | undefined) => void = () => {},
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const limit = new AbortController();
  const abort = (reason: string) => () => limit.abort(new Error(reason));
  const timer = setTimeout(abort(`it took more than ${timeoutMs / 1000} s`), timeoutMs);
  const stalled = abort(`nothing was received for ${stallMs / 1000} s`);
  let stallTimer = setTimeout(stalled, stallMs);
  const signal = AbortSignal.any([io.signal, limit.signal]);
  try {
    const response = await fetchFile(new URL(url), signal, io);
    if (response === undefined) return undefined;
    const length = Number(response.headers.get("content-length") ?? NaN);
    const total = Number.isSafeInteger(length) ? length : undefined;
    const chunks: Uint8Array<ArrayBuffer>[] = [];
    let size = 0;
    for await (const chunk of response.body ?? []) {
      clearTimeout(stallTimer);
      stallTimer = setTimeout(stalled, stallMs);
      size += chunk.length;
      if (size > maxBytes) throw tooLarge(url, maxBytes);
      chunks.push(chunk);
      onBytes(chunk.length, total);
    }
    return new Uint8Array(await new Blob(chunks).arrayBuffer());
  } catch (error) {
    if (io.signal.aborted) throw io.signal.reason;
    if (limit.signal.aborted) {
      const { message } = limit.signal.reason as Error;
      throw new ClientError(
        "network_error",
        `Cannot download ${url}: ${message}. Try again later.`,
      );
    }
    throw connectionError(error, new URL(url), io, REMEDIES);
  } finally {
    clearTimeout(timer);
    clearTimeout(stallTimer);
  }
}

/** Follows redirects, as from GitHub to its storage, and never to plain http. */
async function fetchFile(
  start: URL,
  signal: AbortSignal,
  io: DownloadIo,
): Promise<Response | undefined> {
  let url = start;
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
    // What a server may learn of its users: that one of them downloads something.
    const headers = { "user-agent": brand.binaryName };
    const response = await io.fetch(url, { headers, redirect: "manual", signal });
    const { status } = response;
    if (status === 200) return response;
    await response.body?.cancel();
    if (status === 404 || status === 410) return undefined;
    const location = response.headers.get("location");
    if (status < 300 || status >= 400 || location === null) throw unexpectedStatus(start, status);
    const target = URL.canParse(location, url) ? new URL(location, url) : undefined;
    if (target === undefined || !isAllowed(target, start)) {
      throw new ClientError(
        "insecure_transport",
        `${start.href} redirects to an address without https. ${CHECK_RELEASE_URL}`,
      );
    }
    url = target;
  }
  throw new ClientError("invalid_response", `${start.href} redirects too often.`);
}

function isAllowed(target: URL, start: URL): boolean {
  if (target.protocol === "https:") return true;
  return target.protocol === "http:" && start.protocol === "http:" && isLoopback(target);
}

function unexpectedStatus(url: URL, status: number): ClientError {
  const isTemporary = status >= 500 || status === 408 || status === 429;
  return new ClientError(
    isTemporary ? "server_unavailable" : "request_rejected",
    `Cannot download ${url.href}: HTTP ${status}. ` +
      (isTemporary ? "Try again later." : CHECK_RELEASE_URL),
  );
}

function tooLarge(url: string, maxBytes: number): ClientError {
  return new ClientError(
    "invalid_response",
    `${url} is larger than ${
      Math.round(maxBytes / 1e6)
    } MB, so it is not that file. ${CHECK_RELEASE_URL}`,
  );
}
