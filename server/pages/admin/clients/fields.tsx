/** Fields of the forms that add and edit a client. `client` is what it has before. */
import { formatDuration, shortDuration } from "../../../../shared/duration.ts";
import type { ServerConfig } from "../../../config/server_config.ts";
import type { Resource } from "../../../resources/resource.ts";
import type { DeviceFlowRule, ScopeDescription } from "../../../scopes.ts";
import { CLIENT_GRANTS, type ClientPolicy, CONSENT_POLICIES } from "../../../store/clients.ts";
import type { SubmittedForm } from "../../ui/form_page.tsx";
import { Field, FieldError, fieldState } from "../../ui/form_field.tsx";
import { HiddenFields } from "../../ui/hidden_fields.tsx";
import { TextField } from "../../ui/text_field.tsx";
import { UntrustedText } from "../../ui/untrusted_text.tsx";
import { CLIENT_GRANT_LABELS, CONSENT_LABELS, DEVICE_FLOW_LABELS } from "./facts.tsx";
import { LIFETIME_FIELDS, type LifetimeField } from "./read_policy.ts";

type PolicyFields = SubmittedForm & { client: ClientPolicy };

export function NameFields({ client, form, problems = [] }: PolicyFields) {
  return (
    <>
      <TextField
        id="name"
        label="Name"
        hint="As users see it when they approve a login."
        problems={problems}
        required
        maxlength={100}
        autocomplete="off"
        autofocus={problems.length === 0}
        value={form?.("name") ?? client.name}
      />
      <TextField
        id="homepage"
        label="Homepage (optional)"
        hint="Where users find out more about it. The approval page links to it."
        problems={problems}
        type="url"
        maxlength={500}
        autocomplete="off"
        placeholder="https://example.com/cli"
        value={form?.("homepage") ?? client.homepage ?? ""}
      />
    </>
  );
}

export function GrantFields({ client, form, problems = [] }: PolicyFields) {
  return (
    <fieldset>
      <legend>Grants</legend>
      {CLIENT_GRANTS.map((grant, index) => (
        <label class="check">
          <input
            type="checkbox"
            name={`grant:${grant}`}
            checked={form === undefined ? client.grants.includes(grant) : !!form(`grant:${grant}`)}
            {...index === 0 && { id: "grants", ...fieldState(problems, "grants") }}
          />
          <span>
            {CLIENT_GRANT_LABELS[grant]} <code class="muted small">{grant}</code>
          </span>
        </label>
      ))}
      <FieldError id="grants" problems={problems} />
      <p class="hint">
        A confidential client can also introspect and revoke tokens. For that it needs no grant.
      </p>
    </fieldset>
  );
}

/** What new logins by device code need. */
export function DeviceFlowFields({ client, form, problems = [] }: PolicyFields) {
  const isChecked = (rule: DeviceFlowRule) =>
    form === undefined ? client.deviceFlow?.includes(rule) === true : !!form(`deviceFlow:${rule}`);
  return (
    <fieldset class="device-flow">
      <legend>Restrict new device logins</legend>
      {Object.entries(DEVICE_FLOW_LABELS).map(([rule, label], index) => (
        <label class="check">
          <input
            type="checkbox"
            name={`deviceFlow:${rule}`}
            checked={isChecked(rule as DeviceFlowRule)}
            {...index === 0 && { id: "deviceFlow", ...fieldState(problems, "deviceFlow") }}
          />
          <span>
            {label} <code class="muted small">{rule}</code>
          </span>
        </label>
      ))}
      <FieldError id="deviceFlow" problems={problems} />
    </fieldset>
  );
}

/** What only logins through the browser need. */
export function RedirectFields({ client, form, problems = [] }: PolicyFields) {
  const consent = form?.("consent") ?? client.consent ?? "always";
  return (
    <div class="redirects">
      <Field
        id="redirectUris"
        label="Redirect URIs"
        hint="Where the browser returns to after a login, one per line: an https URI, or the word loopback for a program on the user’s machine."
        problems={problems}
      >
        <textarea
          id="redirectUris"
          name="redirectUris"
          autocapitalize="none"
          spellcheck={false}
          {...fieldState(problems, "redirectUris", { hint: true })}
        >
          {form?.("redirectUris") ?? (client.redirectUris ?? []).join("\n")}
        </textarea>
      </Field>
      <Field id="consent" label="Ask users" problems={problems}>
        <select id="consent" name="consent" {...fieldState(problems, "consent")}>
          {CONSENT_POLICIES.map((policy) => (
            <option value={policy} selected={consent === policy}>{CONSENT_LABELS[policy]}</option>
          ))}
        </select>
      </Field>
    </div>
  );
}

export function ScopeFields(
  { client, catalog, form, problems = [] }: PolicyFields & {
    catalog: readonly ScopeDescription[];
  },
) {
  const selected = form?.("scope_limit") ?? (client.scopes === undefined ? "all" : "selected");
  const isChecked = (name: string) =>
    form === undefined ? client.scopes?.includes(name) === true : !!form(`scope:${name}`);
  return (
    <>
      <Field
        id="scope_limit"
        label="Scopes"
        hint="What it may request at most. Its users approve what it requests, and their own roles limit it too."
        problems={problems}
      >
        <select
          id="scope_limit"
          name="scope_limit"
          {...fieldState(problems, "scope_limit", { hint: true })}
        >
          <option value="all" selected={selected === "all"}>All scopes</option>
          <option value="selected" selected={selected === "selected"}>Only selected scopes</option>
        </select>
      </Field>
      <fieldset class="selected-scopes">
        <legend>Selected scopes</legend>
        {catalog.map(({ name, description }) => (
          <label class="check">
            <input type="checkbox" name={`scope:${name}`} checked={isChecked(name)} />
            <span>
              <UntrustedText text={description} max={200} /> <code class="muted small">{name}</code>
            </span>
          </label>
        ))}
      </fieldset>
    </>
  );
}

/** Invisible while there is only the default resource and no limit. */
export function ResourceFields(
  { client, resources, form, problems = [] }: PolicyFields & { resources: readonly Resource[] },
) {
  if (resources.length < 2 && client.resources === undefined) {
    return <HiddenFields fields={{ resource_limit: "all" }} />;
  }
  const selected = form?.("resource_limit") ??
    (client.resources === undefined ? "all" : "selected");
  const isChecked = (name: string) =>
    form === undefined ? client.resources?.includes(name) === true : !!form(`resource:${name}`);
  return (
    <>
      <Field
        id="resource_limit"
        label="Resources"
        hint="The APIs that its logins may get tokens for, and whose tokens it may introspect. Unless they are selected, logins may get tokens for all, and it may introspect those of the default one."
        problems={problems}
      >
        <select
          id="resource_limit"
          name="resource_limit"
          {...fieldState(problems, "resource_limit", { hint: true })}
        >
          <option value="all" selected={selected === "all"}>Not limited</option>
          <option value="selected" selected={selected === "selected"}>
            Only selected resources
          </option>
        </select>
      </Field>
      <fieldset class="selected-resources">
        <legend>Selected resources</legend>
        {resources.map(({ name, title, identifier }) => (
          <label class="check">
            <input type="checkbox" name={`resource:${name}`} checked={isChecked(name)} />
            <span>
              <UntrustedText text={title ?? name} max={100} />{" "}
              <code class="muted small">{identifier}</code>
            </span>
          </label>
        ))}
      </fieldset>
    </>
  );
}

const LIFETIME_LABELS: Record<LifetimeField, [label: string, hint: string]> = {
  accessTokenLifetime: ["Access token lifetime (optional)", "From 1m to 24h."],
  refreshTokenIdleLifetime: [
    "Idle lifetime of logins (optional)",
    "A login expires after this time without use.",
  ],
  refreshTokenAbsoluteLifetime: [
    "Absolute lifetime of logins (optional)",
    "A new login expires after this time, used or not.",
  ],
};

export function LifetimeFields(
  { client, config, form, problems = [] }: PolicyFields & {
    config: Pick<ServerConfig, LifetimeField>;
  },
) {
  return (
    <>
      {LIFETIME_FIELDS.map((field) => {
        const [label, hint] = LIFETIME_LABELS[field];
        const seconds = client[field];
        return (
          <TextField
            id={field}
            label={label}
            hint={`${hint} Write it like 15m, 8h or 30d. If empty: ${
              formatDuration(config[field])
            }, as configured for the server.`}
            problems={problems}
            maxlength={20}
            autocapitalize="none"
            autocomplete="off"
            spellcheck={false}
            value={form?.(field) ?? (seconds === undefined ? "" : shortDuration(seconds))}
          />
        );
      })}
    </>
  );
}
