/** An npm registry on this machine, without users, that has some packages. */
import { createHash } from "node:crypto";
import { gunzipSync } from "node:zlib";
import { untar } from "../../tasks/packages/release_archive.ts";

export interface NpmRegistry extends AsyncDisposable {
  url: string;
  /** Names of the packages whose archives were downloaded. */
  downloads: string[];
}

export function startNpmRegistry(archives: readonly Uint8Array[]): NpmRegistry {
  const downloads: string[] = [];
  const packages = new Map(archives.map((archive) => {
    const manifest = untar(gunzipSync(archive)).find(({ name }) => name === "package/package.json");
    const json = JSON.parse(new TextDecoder().decode(manifest!.content));
    return [json.name as string, { json, archive: new Uint8Array(archive) }];
  }));
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    (request): Response => {
      const { pathname, origin } = new URL(request.url);
      const download = pathname.endsWith(".tgz");
      const name = decodeURIComponent(pathname.slice(1).replace(/\/-\/.*$/, ""));
      const served = packages.get(name);
      if (served === undefined) return Response.json({ error: "not found" }, { status: 404 });
      const { json, archive } = served;
      if (download) {
        downloads.push(name);
        return new Response(archive);
      }
      const integrity = `sha512-${createHash("sha512").update(archive).digest("base64")}`;
      const dist = { tarball: `${origin}/${name}/-/package.tgz`, integrity };
      return Response.json({
        name,
        "dist-tags": { latest: json.version },
        versions: { [json.version]: { ...json, dist } },
      });
    },
  );
  const url = `http://127.0.0.1:${server.addr.port}`;
  return { url, downloads, [Symbol.asyncDispose]: () => server.shutdown() };
}
