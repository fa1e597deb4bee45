// deno-lint-ignore-file no-console -- a task prints to its terminal
/**
 * `deno task lint:imports`: enforces what docs/architecture.md says. Imports point one way; names
 * that belong to the brand are only in shared/brand.ts; the documentation names the pinned version
 * of Deno.
 */
import { dirname, join, normalize, sep } from "node:path";
import { brand } from "../shared/brand.ts";
import { pinnedDeno } from "./pinned_deno.ts";

/** A source of the product, by its path from the root, with forward slashes. */
export interface Source {
  path: string;
  text: string;
}

/** A side may import from itself and from these only. */
const SIDES: Record<string, string[]> = {
  "main.ts": ["program.ts", "shared"],
  "program.ts": ["client", "server", "shared"],
  client: ["shared"],
  server: ["shared"],
  shared: [],
};

/**
 * Within each side, from the edge inwards: a part imports only itself and the parts below it. Every
 * folder has a rank; a new one needs a line here.
 */
export const LAYERS: Record<string, readonly string[]> = {
  server: [
    "server/cli",
    "server/check_cli",
    "server/workers",
    "server/serve.ts",
    "server/certificate_reload.ts",
    "server/observe.ts",
    "server/otlp_export.ts",
    "server/periodic_tasks.ts",
    "server/cleanup.ts",
    "server/app.ts",
    "server/pages",
    "server/api",
    "server/scim",
    "server/forward_auth",
    "server/health.ts",
    "server/oauth",
    "server/shared_signals",
    "server/backup",
    "server/admin",
    "server/imports",
    "server/audit",
    "server/account",
    "server/passwords",
    "server/sign_in",
    "server/passkeys",
    "server/logins",
    "server/notifications",
    "server/pats",
    "server/validation",
    "server/apply",
    "server/federation",
    "server/identity_providers",
    "server/outbound",
    "server/open_store.ts",
    "server/config",
    "server/access",
    "server/resources",
    "server/tokens",
    "server/security",
    "server/replicas",
    "server/store",
    "server/telemetry",
    "server/http",
    "server/domain_error.ts",
    // Pure, and the database holds only hashes and ciphertexts.
    "server/security/encryption.ts",
    "server/security/sealed_columns.ts",
    "server/security/secret_key.ts",
    "server/tokens/token_hash.ts",
    "server/sign_in/authentication.ts",
    "server/notifications/user_mail.ts",
  ],
  client: [
    "client/commands.ts",
    "client/run.ts",
    "client/commands",
    "client/doctor",
    "client/docs",
    "client/upgrade",
    "client/scan",
    "client/pat",
    "client/helpers",
    "client/auth",
    "client/ui",
    "client/process",
    "client/federation",
    "client/oauth",
    "client/credentials",
  ],
};

/**
 * Functions that only one folder may call, since each call has a duty: a revocation of logins is
 * recorded in the same transaction, and one of all logins of a user also withdraws the approvals,
 * which would become logins afterwards.
 */
const RESERVED = [
  { name: "revokeRefreshTokenFamily", home: "server/store/refresh_token_families.ts" },
  { name: "revokeRefreshTokenFamilies", home: "server/store/refresh_token_families.ts" },
  {
    name: "revokeRefreshTokenFamiliesOfClient",
    home: "server/store/refresh_token_families.ts",
  },
  { name: "denyDeviceAuthorizationsOfClient", home: "server/store/device_authorizations.ts" },
  { name: "withdrawStoredResource", home: "server/store/resource_belongings.ts" },
  { name: "withdrawApprovals", home: "server/store/device_authorizations.ts" },
  {
    name: "revokeRefreshTokenFamiliesOfSessions",
    home: "server/store/refresh_token_families.ts",
  },
  { name: "withdrawApprovalsOfSessions", home: "server/store/device_authorizations.ts" },
  { name: "withdrawAuthorizationCodesOfSessions", home: "server/store/authorization_codes.ts" },
  { name: "withdrawAuthorizationCodes", home: "server/store/authorization_codes.ts" },
  { name: "withdrawAuthorizationCodesOfClient", home: "server/store/authorization_codes.ts" },
].map((reserved) => ({ ...reserved, folder: "server/logins" }));

/** Wrong imports and literals in `sources`, one line each. */
export function findings(sources: readonly Source[]): string[] {
  return [
    ...unranked(sources),
    ...sources.flatMap((source) => wrongArrows(source)),
    ...sources.flatMap((source) => reservedCalls(source)),
    ...cycles(sources),
    ...sources.flatMap((source) => brandLiterals(source)),
  ];
}

function wrongArrows({ path, text }: Source): string[] {
  const problems: string[] = [];
  for (const to of localImports(path, text)) {
    const [from, target] = [side(path), side(to)];
    if (from === target || SIDES[from]?.includes(target)) continue;
    problems.push(`${path} imports ${to}: ${from} must not import ${target}`);
  }
  // A type describes what a caller passes in, without a dependency on its code.
  for (const to of localImports(path, withoutTypes(text))) {
    const [above, below] = [layer(path), layer(to)];
    if (side(path) !== side(to) || above === undefined || below === undefined) continue;
    if (below < above) {
      problems.push(`${path} imports ${to}: ${part(path)} must not import ${part(to)}`);
    }
  }
  return problems;
}

function reservedCalls({ path, text }: Source): string[] {
  return RESERVED
    .filter(({ name, home, folder }) =>
      path !== home && !path.startsWith(`${folder}/`) && new RegExp(`\\b${name}\\b`).test(text)
    )
    .map(({ name, folder }) => `${path} uses ${name}: only ${folder} may`);
}

/** A source without the imports and exports of types only. */
function withoutTypes(text: string): string {
  return text.replace(/^(import|export) type [^"]*"[^"]*"/gm, "");
}

/** Paths from the root that a source imports, statically or dynamically. */
function localImports(path: string, text: string): string[] {
  const specifiers = text.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*"(\.[^"]+)"/g);
  return [...specifiers].map(([, specifier]) =>
    normalize(join(dirname(path), specifier)).split(sep).join("/")
  );
}

function side(path: string): string {
  return path.split("/")[0];
}

function layer(path: string): number | undefined {
  const index = LAYERS[side(path)]?.indexOf(part(path)) ?? -1;
  return index === -1 ? undefined : index;
}

/** Folders of a side that have no rank yet. */
function unranked(sources: readonly Source[]): string[] {
  const folders = new Set(
    sources.map(({ path }) => path.split("/").slice(0, -1).slice(0, 2).join("/"))
      .filter((folder) => folder.includes("/") && LAYERS[side(folder)] !== undefined),
  );
  return [...folders].filter((folder) => !LAYERS[side(folder)].includes(folder))
    .map((folder) => `${folder} has no rank in tasks/lint_imports.ts`);
}

/** The part that a source belongs to: a ranked file before its folder. */
function part(path: string): string {
  const layers = LAYERS[side(path)] ?? [];
  return layers.find((part) => part === path) ??
    layers.find((part) => path.startsWith(`${part}/`)) ?? path;
}

/** Cycles of imports, each once. Imports of types do not count. */
function cycles(sources: readonly Source[]): string[] {
  const imports = new Map(sources.map(({ path, text }) => {
    return [path, localImports(path, withoutTypes(text))];
  }));
  const done = new Set<string>();
  const problems: string[] = [];
  const visit = (path: string, trail: string[]) => {
    const start = trail.indexOf(path);
    if (start !== -1) {
      problems.push(`import cycle: ${[...trail.slice(start), path].join(" → ")}`);
      return;
    }
    if (done.has(path)) return;
    for (const to of imports.get(path) ?? []) visit(to, [...trail, path]);
    done.add(path);
  };
  for (const path of imports.keys()) visit(path, []);
  return problems;
}

function brandLiterals({ path, text }: Source): string[] {
  if (path === "shared/brand.ts") return [];
  const names = [
    ...new Set([
      brand.productName,
      brand.binaryName,
      brand.envPrefix,
      brand.folderName,
      brand.cliClientId,
      brand.keychainService,
      ...Object.values(brand.tokenPrefixes),
    ].map((name) => name.toLowerCase())),
  ];
  return text.split("\n").flatMap((line, index) =>
    names.filter((name) => line.toLowerCase().includes(name)).slice(0, 1)
      .map((name) => `${path}:${index + 1}: "${name}" belongs in shared/brand.ts`)
  );
}

/** Documentation that names another version of Deno than the pinned one. */
export function wrongVersions(sources: readonly Source[], pinned: string): string[] {
  return sources.flatMap(({ path, text }) =>
    [...text.matchAll(/\bdeno@(\d+\.\d+\.\d+)/g)]
      .filter(([, version]) => version !== pinned)
      .map(([name]) => `${path}: ${name}, but .dvmrc pins ${pinned}`)
  );
}

/**
 * `deno task` fetches the imports and the lock of deno.json before it runs a task, which could say
 * which certificates to trust: behind a proxy with its own authority the first command would fail.
 * Therefore the imports are in import_map.json, and the tasks name the lock.
 */
export function eagerImports(denoJson: string): string[] {
  const { imports, lock } = JSON.parse(denoJson) as { imports?: unknown; lock?: unknown };
  return [
    ...imports === undefined ? [] : ["deno.json: imports belong in import_map.json"],
    ...lock === false ? [] : ["deno.json: lock must be false; tasks say --lock=deno.lock"],
  ];
}

async function readAll(paths: readonly string[], ending: RegExp): Promise<Source[]> {
  const sources: Source[] = [];
  for (const path of paths) {
    if ((await Deno.stat(path)).isDirectory) {
      const names = Array.from(Deno.readDirSync(path), ({ name }) => `${path}/${name}`);
      sources.push(...await readAll(names, ending));
    } else if (ending.test(path)) {
      sources.push({ path, text: await Deno.readTextFile(path) });
    }
  }
  return sources;
}

if (import.meta.main) {
  const sources = await readAll(Object.keys(SIDES), /\.tsx?$/);
  const pages = Array.from(Deno.readDirSync("."), ({ name }) => name).filter((name) =>
    name.endsWith(".md")
  );
  const texts = await readAll([...pages, "docs", ".github"], /\.(md|ya?ml)$/);
  const problems = [
    ...findings(sources),
    ...wrongVersions(texts, await pinnedDeno()),
    ...eagerImports(await Deno.readTextFile("deno.json")),
  ];
  for (const line of problems) console.error(line);
  if (problems.length > 0) Deno.exit(1);
}
