/**
 * A release on a web server of 127.0.0.1, by default of another brand, laid out as a real one. The
 * program in its archives is a shell script that prints its name and version.
 */
import { createHash } from "node:crypto";
import { dirname, join } from "node:path";
import {
  type Brand,
  describePackage,
  type PackageDescription,
} from "../../tasks/packages/description.ts";
import { targets } from "../../tasks/targets.ts";
import {
  archiveName,
  CHECKSUMS_FILE,
  programInArchive,
  PROVENANCE_FILE,
} from "../../shared/release.ts";
import { run } from "./binary.ts";

const certificates = new URL("certificate/", import.meta.url);

/** The file that clients must trust to use the server over https. */
export const AUTHORITY = new URL("authority.pem", certificates);

export const acme: Brand = {
  binaryName: "acmectl",
  productName: "Acme Login",
  envPrefix: "ACME",
  folderName: "acme-login",
  release: {
    repository: "acme/acmectl",
    url: "https://github.com/acme/acmectl/releases",
    signerWorkflow: "acme/auth/.github/workflows/release-brand.yml",
    maintainer: "Acme <security@acme.example>",
    npmScope: "acme",
  },
};

type Answer =
  | Uint8Array<ArrayBuffer>
  | string
  | ((request: Request) => Response | Promise<Response>);

export interface ReleaseServer extends AsyncDisposable {
  url: string;
  /** By path, such as `/download/v1.0.0/SHA256SUMS`. Tests change them. */
  files: Map<string, Answer>;
  /** The paths that were asked for. */
  requests: string[];
  /** The release with these checksums; at this server if it has https, as releases must. */
  describe(version: string): PackageDescription;
}

/** Serves these versions, the last of them as the newest one. */
export async function startReleaseServer(
  versions: readonly string[],
  { https, brand = acme }: { https: boolean; brand?: Brand },
): Promise<ReleaseServer> {
  const files = new Map<string, Answer>();
  const requests: string[] = [];
  for (const version of versions) {
    const release = await releaseFiles(version, brand);
    for (const [name, content] of release) {
      files.set(`/download/v${version}/${name}`, content);
      if (version === versions.at(-1)) files.set(`/latest/download/${name}`, content);
    }
  }
  const tls = https
    ? {
      cert: await Deno.readTextFile(new URL("valid.pem", certificates)),
      key: await Deno.readTextFile(new URL("key.pem", certificates)),
    }
    : {};
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {}, ...tls },
    (request) => {
      const { pathname } = new URL(request.url);
      requests.push(pathname);
      const answer = files.get(pathname);
      if (answer === undefined) return new Response("not found\n", { status: 404 });
      return typeof answer === "function" ? answer(request) : new Response(answer);
    },
  );
  const url = `${https ? "https" : "http"}://127.0.0.1:${server.addr.port}`;
  return {
    url,
    files,
    requests,
    describe: (version) =>
      describePackage({
        brand: https ? { ...brand, release: { ...brand.release, url } } : brand,
        version,
        checksums: String(files.get(`/download/v${version}/${CHECKSUMS_FILE}`)),
        targets: targets.map(({ name }) => name),
      }),
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

/** By brand and version: to pack four archives takes longer than most tests. */
const packed = new Map<string, Promise<ReadonlyMap<string, Uint8Array<ArrayBuffer> | string>>>();

function releaseFiles(version: string, { binaryName }: Brand) {
  const key = `${binaryName} ${version}`;
  const files = packed.get(key) ?? packRelease(version, binaryName);
  packed.set(key, files);
  return files;
}

async function packRelease(
  version: string,
  binaryName: string,
): Promise<ReadonlyMap<string, Uint8Array<ArrayBuffer> | string>> {
  const files = new Map<string, Uint8Array<ArrayBuffer> | string>();
  let sums = "";
  for (const { name: target } of targets) {
    const name = archiveName(version, target, binaryName);
    const program = programInArchive(version, target, binaryName);
    const script = `#!/bin/sh\necho "${binaryName} ${version} ${target}"\n`;
    const content = name.endsWith(".tar.gz")
      ? await tarGz(program, script)
      : new TextEncoder().encode("a zip");
    files.set(name, content);
    sums += `${sha256(content)}  ${name}\n`;
  }
  files.set(CHECKSUMS_FILE, sums);
  files.set(PROVENANCE_FILE, "{}");
  return files;
}

/** An archive with one program. */
export async function tarGz(path: string, script: string): Promise<Uint8Array<ArrayBuffer>> {
  const folder = await Deno.makeTempDir({ prefix: "archive-" });
  try {
    const program = join(folder, path);
    await Deno.mkdir(dirname(program), { recursive: true });
    await Deno.writeTextFile(program, script, { mode: 0o755 });
    const archive = join(folder, "archive.tar.gz");
    const { code, stderr } = await run(["-czf", archive, "-C", folder, path], {}, "tar");
    if (code !== 0) throw new Error(`tar failed: ${stderr}`);
    return await Deno.readFile(archive);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

export function sha256(content: Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}
