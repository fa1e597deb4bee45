/**
 * An https server with a package "demo" for each package manager, and a git repository. A request
 * without a token that the authorization server accepts at `/auth/verify` gets a 401.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { programPath } from "./reverse_proxy.ts";

const support = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export interface PrivateRegistry extends AsyncDisposable {
  /** `localhost:PORT`. */
  host: string;
  url: string;
  /** The file with the authority of its certificate. */
  authority: string;
  /** How requests that got an answer were authenticated. */
  accepted: { path: string; scheme: string }[];
}

/** What packages and indexes contain the address of. */
interface Context {
  folder: string;
  url: string;
}

type Route = (request: Request, context: Context) => Promise<Response> | Response;

export async function startPrivateRegistry(issuer: string): Promise<PrivateRegistry> {
  const folder = await Deno.makeTempDir({ prefix: "registry-" });
  await command(folder, "python3", [support("package_archives.py"), folder]);
  await createRepository(folder);
  const accepted: PrivateRegistry["accepted"] = [];
  const context: Context = { folder, url: "" };
  const server = Deno.serve({
    hostname: "127.0.0.1",
    port: 0,
    cert: await Deno.readTextFile(support("certificate/valid.pem")),
    key: await Deno.readTextFile(support("certificate/key.pem")),
    onListen: () => {},
    // The client closed the connection.
    onError: () => new Response("", { status: 500 }),
  }, async (request) => {
    const { pathname } = new URL(request.url);
    // Terraform's archives are downloaded without credentials.
    if (pathname === "/open/module.tgz") return await file(folder, "module.tgz");
    const scheme = await acceptedScheme(request, issuer);
    if (scheme === undefined) return unauthorized(pathname);
    accepted.push({ path: pathname, scheme });
    const route = ROUTES.find(([prefix]) => pathname.startsWith(prefix));
    return await route?.[1](request, context) ?? new Response("", { status: 404 });
  });
  const host = `localhost:${server.addr.port}`;
  context.url = `https://${host}`;
  return {
    host,
    url: context.url,
    authority: support("certificate/authority.pem"),
    accepted,
    async [Symbol.asyncDispose]() {
      await server.shutdown();
      await Deno.remove(folder, { recursive: true });
    },
  };
}

/** How the request's token was sent; undefined if there is none that is valid. */
async function acceptedScheme(request: Request, issuer: string): Promise<string | undefined> {
  const authorization = request.headers.get("authorization");
  if (authorization === null) return undefined;
  const response = await fetch(`${issuer}/auth/verify?basic=1`, { headers: { authorization } });
  await response.body?.cancel();
  return response.ok ? authorization.split(" ")[0].toLowerCase() : undefined;
}

function unauthorized(pathname: string): Response {
  const headers = new Headers();
  // For docker, a realm of bearer tokens is the address of another service.
  if (!pathname.startsWith("/v2/")) {
    headers.append("www-authenticate", 'Bearer realm="registry"');
  }
  headers.append("www-authenticate", 'Basic realm="registry"');
  return new Response("no valid token\n", { status: 401, headers });
}

const ROUTES: [prefix: string, Route][] = [
  ["/go/example.test/demo/@v/list", () => new Response("v1.0.0\n")],
  [
    "/go/example.test/demo/@v/v1.0.0.info",
    () => Response.json({ Version: "v1.0.0", Time: "2026-01-01T00:00:00Z" }),
  ],
  ["/go/example.test/demo/@v/v1.0.0.mod", () => new Response("module example.test/demo\n")],
  ["/go/example.test/demo/@v/v1.0.0.zip", (_, { folder }) => file(folder, "go.zip")],
  [
    "/crates/index/config.json",
    (_, { url }) => Response.json({ dl: `${url}/crates/dl`, api: url, "auth-required": true }),
  ],
  ["/crates/index/de/mo/demo", async (_, { folder }) =>
    Response.json({
      name: "demo",
      vers: "1.0.0",
      deps: [],
      features: {},
      cksum: await sha256Of(folder, "demo-1.0.0.crate"),
      yanked: false,
    })],
  ["/crates/dl/", (_, { folder }) => file(folder, "demo-1.0.0.crate")],
  ["/simple/demo/", () =>
    new Response(
      '<!DOCTYPE html><a href="/wheels/demo-1.0.0-py3-none-any.whl">demo-1.0.0-py3-none-any.whl</a>',
      { headers: { "content-type": "text/html" } },
    )],
  ["/wheels/", (_, { folder }) => file(folder, "demo-1.0.0-py3-none-any.whl")],
  ["/npm/demo/-/", (_, { folder }) => file(folder, "demo-1.0.0.tgz")],
  ["/npm/demo", (_, { url }) =>
    Response.json({
      name: "demo",
      "dist-tags": { latest: "1.0.0" },
      versions: {
        "1.0.0": {
          name: "demo",
          version: "1.0.0",
          dist: { tarball: `${url}/npm/demo/-/demo-1.0.0.tgz` },
        },
      },
    })],
  ["/.well-known/terraform.json", () => Response.json({ "modules.v1": "/terraform/" })],
  [
    "/terraform/team/demo/test/versions",
    () => Response.json({ modules: [{ versions: [{ version: "1.0.0" }] }] }),
  ],
  ["/terraform/team/demo/test/1.0.0/download", (_, { url }) =>
    new Response(null, {
      status: 204,
      headers: { "x-terraform-get": `${url}/open/module.tgz?archive=tgz` },
    })],
  ["/v2/team/image/manifests/", () =>
    Response.json(MANIFEST, {
      headers: { "content-type": MANIFEST.mediaType },
    })],
  ["/v2/", () => Response.json({})],
  ["/git/", gitBackend],
];

const MANIFEST = {
  schemaVersion: 2,
  mediaType: "application/vnd.docker.distribution.manifest.v2+json",
  config: {
    mediaType: "application/vnd.docker.container.image.v1+json",
    size: 2,
    digest: `sha256:${"44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"}`,
  },
  layers: [],
};

/** git's own server, as a CGI program (RFC 3875). */
async function gitBackend(request: Request, { folder }: Context): Promise<Response> {
  const { pathname, search } = new URL(request.url);
  const child = new Deno.Command("git", {
    args: ["http-backend"],
    env: {
      GIT_PROJECT_ROOT: folder,
      GIT_HTTP_EXPORT_ALL: "1",
      PATH_INFO: pathname.replace("/git", ""),
      QUERY_STRING: search.slice(1),
      REQUEST_METHOD: request.method,
      CONTENT_TYPE: request.headers.get("content-type") ?? "",
      HTTP_CONTENT_ENCODING: request.headers.get("content-encoding") ?? "",
      GIT_PROTOCOL: request.headers.get("git-protocol") ?? "",
    },
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new Uint8Array(await request.arrayBuffer()));
  await writer.close();
  const { stdout } = await child.output();
  const text = new TextDecoder("latin1").decode(stdout);
  const end = text.indexOf("\r\n\r\n");
  const headers = new Headers(
    text.slice(0, end).split("\r\n").map((line): [string, string] => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon), line.slice(colon + 1).trim()];
    }),
  );
  const status = Number.parseInt(headers.get("status") ?? "200");
  headers.delete("status");
  return new Response(stdout.slice(end + 4), { status, headers });
}

async function createRepository(folder: string): Promise<void> {
  const work = join(folder, "work");
  await command(folder, "git", ["init", "--quiet", work]);
  await Deno.writeTextFile(join(work, "README"), "demo\n");
  const author = ["-c", "user.name=A", "-c", "user.email=a@example.com"];
  await command(work, "git", ["add", "README"]);
  await command(work, "git", [...author, "commit", "--quiet", "--message", "Add README"]);
  await command(folder, "git", ["clone", "--quiet", "--bare", work, join(folder, "demo.git")]);
}

async function command(cwd: string, program: string, args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(await programPath(program), { args, cwd })
    .output();
  assert.ok(success, new TextDecoder().decode(stderr));
}

async function file(folder: string, name: string): Promise<Response> {
  return new Response(await Deno.readFile(join(folder, name)), {
    headers: { "content-type": "application/octet-stream" },
  });
}

async function sha256Of(folder: string, name: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", await Deno.readFile(join(folder, name)));
  return new Uint8Array(digest).toHex();
}
