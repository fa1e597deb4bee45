/** A web server of this machine with releases, by https and laid out as on GitHub. */
import { fileURLToPath } from "node:url";
import { join } from "node:path";
import { AUTHORITY } from "../../tests/support/release_server.ts";

const certificates = new URL("../../tests/support/certificate/", import.meta.url);

export interface ReleaseSite extends AsyncDisposable {
  url: string;
  /** Certificates that clients must trust. */
  authority: string;
  /** Offers the files of a folder, as the newest version. */
  publish(version: string, folder: string): void;
}

export function startReleaseSite(): ReleaseSite {
  const folders = new Map<string, string>();
  let newest = "";
  const server = Deno.serve({
    hostname: "127.0.0.1",
    port: 0,
    cert: Deno.readTextFileSync(new URL("valid.pem", certificates)),
    key: Deno.readTextFileSync(new URL("key.pem", certificates)),
    onListen() {},
  }, async (request) => {
    const { pathname } = new URL(request.url);
    const [, version, file] = /^\/download\/v([^/]+)\/([^/]+)$/.exec(pathname) ??
      /^\/(latest)\/download\/([^/]+)$/.exec(pathname) ?? [];
    const folder = folders.get(version === "latest" ? newest : version);
    if (folder === undefined) return new Response("not found\n", { status: 404 });
    try {
      return new Response((await Deno.open(join(folder, file))).readable);
    } catch {
      return new Response("not found\n", { status: 404 });
    }
  });
  return {
    url: `https://127.0.0.1:${server.addr.port}`,
    authority: fileURLToPath(AUTHORITY),
    publish(version, folder) {
      folders.set(version, folder);
      newest = version;
    },
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}
