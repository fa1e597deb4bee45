import { managementResource } from "../../shared/management.ts";
import type { ServerConfig } from "../config/server_config.ts";
import type { ScopeDescription } from "../scopes.ts";
import type { Sql } from "../store/db/connect.ts";
import { listResources } from "../store/resources.ts";
import { listStoredScopes } from "../store/scopes.ts";
import {
  DEFAULT_RESOURCE,
  MANAGEMENT_RESOURCE,
  type RegisteredResource,
  type Resource,
} from "./resource.ts";

export interface ResourceCatalogDeps {
  sql: Sql;
  issuer: string;
  config: Pick<ServerConfig, "audience" | "scopes" | "resources">;
}

interface Entries {
  /** The default one first, without the management interface. */
  resources: readonly Resource[];
  scopes: readonly ScopeDescription[];
  byName: ReadonlyMap<string, Resource>;
  byIdentifier: ReadonlyMap<string, Resource>;
}

/**
 * All resources, and the scopes of each: those of the config file and those in the database. Names
 * of scopes are unique on a server, so that a scope says which resource it is for.
 */
export class ResourceCatalog {
  readonly default: Resource;
  readonly management: Resource;
  #entries: Entries;
  #stored = "";
  #reloading: Promise<unknown> = Promise.resolve();

  private constructor(private readonly deps: ResourceCatalogDeps) {
    const { config, issuer } = deps;
    this.default = {
      kind: "default",
      name: DEFAULT_RESOURCE,
      identifier: config.audience ?? issuer,
      claims: [],
    };
    this.management = {
      kind: "management",
      name: MANAGEMENT_RESOURCE,
      identifier: managementResource(issuer),
      claims: [],
    };
    this.#entries = this.#merge([], []);
  }

  static async load(deps: ResourceCatalogDeps): Promise<ResourceCatalog> {
    const catalog = new ResourceCatalog(deps);
    await catalog.reload();
    return catalog;
  }

  /** Reads the rows again, after the reads that are under way. Returns whether they have changed. */
  reload(): Promise<boolean> {
    const reload = async () => {
      const resources = await listResources(this.deps.sql);
      const scopes = await listStoredScopes(this.deps.sql);
      const stored = JSON.stringify([resources, scopes]);
      if (stored === this.#stored) return false;
      this.#stored = stored;
      this.#entries = this.#merge(resources, scopes);
      return true;
    };
    const reloading = this.#reloading.then(reload, reload);
    this.#reloading = reloading.catch(() => {});
    return reloading;
  }

  /** The scopes of all resources. */
  scopes(): readonly ScopeDescription[] {
    return this.#entries.scopes;
  }

  /**
   * The scopes that tokens of a resource can have. Those of the management interface have all:
   * they limit the scopes of the personal access tokens that are created with them.
   */
  scopesOf({ kind, name }: Resource): readonly ScopeDescription[] {
    if (kind === "management") return this.scopes();
    const owner = kind === "default" ? undefined : name;
    return this.scopes().filter(({ resource }) => resource === owner);
  }

  /** The default resource and the registered ones. */
  resources(): readonly Resource[] {
    return this.#entries.resources;
  }

  /** By name or identifier. */
  find(nameOrIdentifier: string): Resource | undefined {
    return this.#entries.byName.get(nameOrIdentifier) ?? this.findByIdentifier(nameOrIdentifier);
  }

  findByIdentifier(identifier: string): Resource | undefined {
    return this.#entries.byIdentifier.get(comparable(identifier));
  }

  /**
   * The resources of a login or a request as its row lists them; undefined: the default one. That
   * one is stored by its name, since the setting `audience` may change. Those that do not exist any
   * more are left out.
   */
  approved(stored: readonly string[] | undefined): Resource[] {
    if (stored === undefined) return [this.default];
    return stored.map((text) => this.find(text)).filter((resource) => resource !== undefined);
  }

  /** The resource that a row names: null stands for the default one, so that it can be renamed. */
  ofRow(identifier: string | undefined): Resource | undefined {
    if (identifier === undefined) return this.default;
    const resource = this.findByIdentifier(identifier);
    return resource?.kind === "registered" ? resource : undefined;
  }

  /**
   * The resource of an access token, by its `aud`. The issuer is the default resource even if
   * the setting `audience` names another: tokens from before that was set are still valid.
   */
  ofAudience(audience: string): Resource | undefined {
    return this.findByIdentifier(audience) ??
      (audience === this.deps.issuer ? this.default : undefined);
  }

  #merge(
    stored: readonly RegisteredResource[],
    storedScopes: readonly ScopeDescription[],
  ): Entries {
    const { config } = this.deps;
    const resources = [this.default];
    const declaredScopes = [
      ...config.scopes,
      ...config.resources.flatMap((resource) => resource.scopes),
    ];
    const scopes = [
      ...config.scopes,
      ...storedScopes.filter(({ name }) => !declaredScopes.some((scope) => scope.name === name)),
    ];
    const byName = new Map([this.default, this.management].map((known) => [known.name, known]));
    const byIdentifier = new Map(
      [this.default, this.management].map((known) => [comparable(known.identifier), known]),
    );
    // The config file is checked when it is loaded, and rows when they are added. What was added
    // to the file since then wins over a row.
    for (const { scopes: declared, ...registered } of [...config.resources, ...stored]) {
      const { name, identifier } = registered;
      if (byName.has(name) || byIdentifier.has(comparable(identifier))) continue;
      const own = declared.filter((scope) => !scopes.some(({ name }) => name === scope.name));
      const resource: Resource = {
        ...registered,
        kind: "registered",
        scopes: own.map(({ name }) => name),
      };
      resources.push(resource);
      byName.set(name, resource);
      byIdentifier.set(comparable(identifier), resource);
      scopes.push(...own.map((scope) => ({ ...scope, resource: name })));
    }
    const isEmpty = resources.length === 1 && storedScopes.length === 0;
    return { resources, scopes: isEmpty ? config.scopes : scopes, byName, byIdentifier };
  }
}

/**
 * `https://api.example.com/` and the same without the slash are the same URI (RFC 3986 section
 * 6.2.3), and many clients send what their URL parser writes.
 */
function comparable(identifier: string): string {
  const isOrigin = identifier.endsWith("/") && URL.canParse(identifier) &&
    new URL(identifier).origin + "/" === identifier;
  return isOrigin ? identifier.slice(0, -1) : identifier;
}

/** Resources as `ResourceCatalog.approved` reads them. */
export function storedResources(resources: readonly Resource[]): string[] | undefined {
  const isDefault = resources.every(({ kind }) => kind === "default");
  if (isDefault) return undefined;
  return resources.map(({ kind, name, identifier }) => kind === "default" ? name : identifier);
}
