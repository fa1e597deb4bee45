import { formatExactCount } from "../../../../shared/exact_count.ts";
import { randomBytes } from "node:crypto";
import type { Fields } from "../../../apply/field.ts";
import type { Danger } from "../../../apply/plan.ts";
import { LOOPBACK_REDIRECT } from "../../../../shared/oauth/redirect_uri.ts";
import { countClientBelongings } from "../../../store/client_belongings.ts";
import {
  type ClientPolicy,
  commandLineClient,
  findClient,
  listClients,
  type ListedClient,
} from "../../../store/clients.ts";
import { tokenHash } from "../../../tokens/token_hash.ts";
import {
  addClient,
  removeClient,
  rotateSecret,
  setClientDisabled,
  updateClient,
} from "../../client_operations.ts";
import { defaultGrants } from "../../client_policy.ts";
import type { ApplyDeps, Edit, ManagedKindHandler, SecretValue } from "../managed_kind.ts";
import { refusal } from "../managed_kind.ts";

/** How long the secret before works after a file has another one: as `rotate-secret` does it. */
const OVERLAP_SECONDS = 86_400;

export const client: ManagedKindHandler = {
  kind: "client",
  async read({ sql }) {
    const clients = await listClients(sql);
    return new Map(
      // What a document describes is not declared here.
      clients.filter(({ document }) => document === undefined).map((client) => [client.id, {
        fields: fieldsOf(client),
        ...client.id === commandLineClient.id && { isBuiltIn: true as const },
        ...client.createdAt === undefined && { isUnchanged: true as const },
        hasSecret: client.secretHash !== undefined,
      }]),
    );
  },
  complete(_deps, _name, declared) {
    const type = declared.type ?? "confidential";
    return Promise.resolve({
      name: declared.name,
      type,
      homepage: declared.homepage ?? null,
      grants: declared.grants ?? defaultGrants({ isPublic: type === "public" }),
      redirectUris: declared.redirectUris ?? [],
      consent: declared.consent ?? "always",
      scopes: declared.scopes ?? null,
      resources: declared.resources ?? null,
      deviceFlow: declared.deviceFlow ?? [],
      accessTokenLifetime: declared.accessTokenLifetime ?? null,
      refreshTokenIdleLifetime: declared.refreshTokenIdleLifetime ?? null,
      refreshTokenAbsoluteLifetime: declared.refreshTokenAbsoluteLifetime ?? null,
      disabled: declared.disabled ?? false,
    });
  },
  async isOtherSecret({ sql }, name, secret) {
    const client = await findClient(sql, name);
    return client?.secretHash === undefined || base64(client.secretHash) !== hashOf(secret);
  },
  async add(deps, name, after, secret) {
    const { type, disabled } = after;
    const added = await addClient(deps, {
      id: name,
      ...policyOf(after),
      // Without one of the file, no one knows the secret until it is rotated.
      secretHash: type === "public" ? undefined : hashOf(secret) ?? unknownSecret(),
    });
    return refusal(added) ??
      (disabled ? refusal(await setClientDisabled(deps, { id: name, disabled: true })) : undefined);
  },
  async change(deps, { name, after, changed, secret }) {
    const properties = [...changed].filter((property) =>
      !["disabled", "secret"].includes(property)
    );
    if (properties.length > 0) {
      const changes = Object.fromEntries(properties.map((property) => [property, after[property]]));
      const updated = await updateClient(deps, { id: name, changes });
      if (refusal(updated)) return refusal(updated);
    }
    if (changed.has("secret")) {
      const rotated = await rotateSecret(deps, {
        id: name,
        secretHash: hashOf(secret)!,
        overlapSeconds: OVERLAP_SECONDS,
      });
      if (refusal(rotated)) return refusal(rotated);
    }
    if (!changed.has("disabled")) return undefined;
    const disabled = after.disabled === true;
    return refusal(await setClientDisabled(deps, { id: name, disabled }));
  },
  async remove(deps, name) {
    return refusal(await removeClient(deps, { id: name }));
  },
  async adopt(deps, { name }) {
    if (name !== commandLineClient.id) return undefined;
    return refusal(await updateClient(deps, { id: name, changes: {} }));
  },
  async removalDangers(deps, name) {
    return await loginDangers(deps, name, ["is revoked", "are revoked"], ", for good");
  },
  async changeDangers(deps, edit) {
    return [
      ...edit.changed.has("disabled") && edit.after.disabled === true
        ? await loginDangers(
          deps,
          edit.name,
          ["stops working", "stop working"],
          " until it is enabled again",
        )
        : [],
      ...redirectDangers(edit),
    ];
  },
};

async function loginDangers(
  { tx, clock }: ApplyDeps,
  name: string,
  [singular, plural]: [string, string],
  more: string,
): Promise<Danger[]> {
  const { logins, users } = await countClientBelongings(tx, name, new Date(clock.now()));
  if (logins === 0) return [];
  const login = formatExactCount(logins, "login");
  const user = formatExactCount(users, "user");
  return [{
    code: "client_has_logins",
    message: `${login} of ${user} ${logins === 1 ? singular : plural}${more}.`,
    advice: "Users of it have to log in with another client first.",
  }];
}

/** A code that is sent to another host can be redeemed there (RFC 9700 section 4.1). */
function redirectDangers({ before, after, changed }: Edit): Danger[] {
  if (!changed.has("redirectUris")) return [];
  const known = new Set((before.redirectUris as string[]).map(hostOf));
  const other = (after.redirectUris as string[]).find((uri) =>
    uri !== LOOPBACK_REDIRECT && !known.has(hostOf(uri))
  );
  return other === undefined ? [] : [{
    code: "redirect_to_other_host",
    message: `Logins can be sent to ${hostOf(other)}, which was not a host of it.`,
    advice: "Check that you run that host.",
  }];
}

function hostOf(uri: string): string {
  const url = URL.parse(uri);
  return url === null ? uri : url.host === "" ? url.protocol : url.host;
}

function fieldsOf(client: ListedClient): Fields {
  return {
    name: client.name,
    type: client.secretHash === undefined ? "public" : "confidential",
    homepage: client.homepage ?? null,
    grants: [...client.grants],
    redirectUris: [...client.redirectUris ?? []],
    consent: client.consent ?? "always",
    scopes: client.scopes === undefined ? null : [...client.scopes],
    resources: client.resources === undefined ? null : [...client.resources],
    deviceFlow: [...client.deviceFlow ?? []],
    accessTokenLifetime: client.accessTokenLifetime ?? null,
    refreshTokenIdleLifetime: client.refreshTokenIdleLifetime ?? null,
    refreshTokenAbsoluteLifetime: client.refreshTokenAbsoluteLifetime ?? null,
    disabled: client.disabledAt !== undefined,
  };
}

/** As `addClient` takes it: what is empty is absent. */
function policyOf({ type: _, disabled: __, ...fields }: Fields): ClientPolicy {
  const { redirectUris, deviceFlow } = fields as Record<string, string[]>;
  return Object.fromEntries(
    Object.entries({
      ...fields,
      redirectUris: redirectUris.length === 0 ? null : redirectUris,
      deviceFlow: deviceFlow.length === 0 ? null : deviceFlow,
    }).filter(([, value]) => value !== null),
  ) as unknown as ClientPolicy;
}

function hashOf(secret: SecretValue | undefined): string | undefined {
  return secret !== undefined && "hash" in secret ? secret.hash : undefined;
}

function unknownSecret(): string {
  return base64(tokenHash(randomBytes(32).toString("base64url")));
}

function base64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}
