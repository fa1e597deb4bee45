import { request } from "node:http";
import { connect } from "node:tls";
import { EXIT } from "../../shared/exit_codes.ts";
import { loadConfig } from "../config/load.ts";
import type { ServerIo } from "../io.ts";
import { reportDomainError, reportProblems } from "./failure.ts";

/** Longer than the server's own wait for its database, shorter than what container runtimes allow. */
const TIMEOUT_MS = 4000;

export type HealthcheckOptions = { config?: string; listen?: string };

/** Asks the server on this machine whether it is ready: for containers, which have no curl. */
export async function healthcheck(options: HealthcheckOptions, io: ServerIo): Promise<number> {
  const { config, problems } = await loadConfig(options, io);
  if (problems.length > 0) return reportProblems(problems, io);
  const url = new URL(`http://${reach(config.listen)}/readyz`);
  const answer = await readyz(url, config.tls !== undefined, io.signal);
  if (typeof answer === "string") {
    return reportDomainError({ message: `${url.host} does not answer: ${answer}.` }, io);
  }
  if (answer.status !== 200) {
    const message = `The server at ${url.host} is not ready: HTTP ${answer.status}` +
      `${answer.body === "" ? "" : ` ${answer.body}`}`;
    return reportDomainError({ message }, io);
  }
  io.stdout("ready\n");
  return EXIT.ok;
}

/** The host and port to connect to: an unspecified address is reached by the loopback one. */
function reach({ hostname, port }: { hostname: string; port: number }): string {
  if (hostname === "0.0.0.0") return `127.0.0.1:${port}`;
  if (hostname === "::") return `[::1]:${port}`;
  return `${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}`;
}

const MAX_BODY_LENGTH = 500;

/** The response of `/readyz`, or why there is none. */
function readyz(
  url: URL,
  tls: boolean,
  interrupted: AbortSignal,
): Promise<{ status: number; body: string } | string> {
  const signal = AbortSignal.any([interrupted, AbortSignal.timeout(TIMEOUT_MS)]);
  // The certificate has the public name. Nothing secret is sent, and nothing received is trusted.
  const overTls = () =>
    connect({ host: unbracketed(url), port: Number(url.port), rejectUnauthorized: false });
  return new Promise((resolve) => {
    const failed = (error: Error & { code?: string }) =>
      resolve(
        signal.aborted
          ? `no response within ${TIMEOUT_MS / 1000} s`
          : error.code ?? "the connection was lost",
      );
    request(url, { signal, ...tls && { createConnection: overTls } }, (response) => {
      let body = "";
      response.setEncoding("utf8");
      response.on("data", (text: string) => body = (body + text).slice(0, MAX_BODY_LENGTH));
      response.on("error", failed);
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body }));
    }).on("error", failed).end();
  });
}

function unbracketed({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$/g, "");
}
