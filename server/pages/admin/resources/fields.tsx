/** Fields of the forms that add and edit a resource. `resource` is what it has before. */
import { formatDuration, shortDuration } from "../../../../shared/duration.ts";
import { SIGNING_ALGORITHMS } from "../../../config/settings/tokens.ts";
import { type RegisteredResource, RESOURCE_CLAIMS } from "../../../resources/resource.ts";
import { groupsOf, type ScopeDescription } from "../../../scopes.ts";
import type { SubmittedForm } from "../../ui/form_page.tsx";
import { Field, FieldError, fieldState } from "../../ui/form_field.tsx";
import { TextField } from "../../ui/text_field.tsx";
import { CLAIM_LABELS } from "./facts.tsx";
import { readScopeRows, type ScopeRow } from "./read_settings.ts";

/** Rows for further scopes. */
const EMPTY_ROWS = 3;

type Settings = Omit<RegisteredResource, "name" | "identifier">;
type SettingFields = SubmittedForm & { resource: Settings };

export function TitleField({ resource, form, problems = [] }: SettingFields) {
  return (
    <TextField
      id="title"
      label="Title (optional)"
      hint="How users know it, as the approval page shows it."
      problems={problems}
      maxlength={100}
      autocomplete="off"
      value={form?.("title") ?? resource.title ?? ""}
    />
  );
}

export function ScopeFields({ resource, form, problems = [] }: SettingFields) {
  const rows = form === undefined ? resource.scopes.map(scopeRow) : readScopeRows(form);
  const empty = Array.from({ length: EMPTY_ROWS }, () => undefined);
  return (
    <fieldset>
      <legend>Scopes</legend>
      <p class="hint">
        What its tokens may be used for. The approval page shows the description: write it for
        users, such as “See your orders”. Separate groups with spaces. Without any group, and
        without Administrators, all users can have the scope. To have more rows, save and edit
        again.
      </p>
      {[...rows, ...empty].map((row, index) => (
        <ScopeRowFields row={row} index={index} problems={problems} />
      ))}
      <FieldError id="scope0.name" problems={problems} />
    </fieldset>
  );
}

function ScopeRowFields(
  { row, index, problems }: {
    row: ScopeRow | undefined;
    index: number;
    problems: NonNullable<SubmittedForm["problems"]>;
  },
) {
  const id = (part: string) => `scope${index}.${part}`;
  return (
    <div class="scope-row" role="group" aria-label={`Scope ${index + 1}`}>
      <div>
        <label for={id("name")}>Scope</label>
        <input
          id={id("name")}
          name={id("name")}
          maxlength={256}
          autocapitalize="none"
          autocomplete="off"
          spellcheck={false}
          value={row?.name ?? ""}
          {...index === 0 && fieldState(problems, id("name"))}
        />
      </div>
      <div>
        <label for={id("description")}>Description</label>
        <input
          id={id("description")}
          name={id("description")}
          maxlength={250}
          autocomplete="off"
          value={row?.description ?? ""}
        />
      </div>
      <div>
        <label for={id("groups")}>Groups (optional)</label>
        <input
          id={id("groups")}
          name={id("groups")}
          maxlength={1000}
          autocapitalize="none"
          autocomplete="off"
          spellcheck={false}
          value={row?.groups ?? ""}
        />
      </div>
      <div>
        <label for={id("factor")}>Sign-in to approve it</label>
        <select id={id("factor")} name={id("factor")}>
          <option value="" selected={!row?.factor}>Any</option>
          <option value="2fa" selected={row?.factor === "2fa"}>With a second factor</option>
          <option value="phr" selected={row?.factor === "phr"}>With a passkey</option>
        </select>
      </div>
      <label class="check">
        <input type="checkbox" name={id("admin")} checked={row?.isForAdmins} />
        <span>Administrators</span>
      </label>
      <label class="check">
        <input type="checkbox" name={id("login")} checked={row?.isLoginOnly} />
        <span>Not in personal access tokens</span>
      </label>
    </div>
  );
}

function scopeRow(scope: ScopeDescription): ScopeRow {
  const { name, description, groups = [], tokens, factor = "" } = scope;
  const audience = groupsOf(scope);
  return {
    name,
    description,
    // Without a group, no user can have it; the form must not open it to all.
    isForAdmins: audience !== undefined && !audience.includes("user") &&
      (audience.includes("admin") || audience.length === 0),
    groups: groups.filter((group) => group !== "admin").join(" "),
    isLoginOnly: tokens === false,
    factor,
  };
}

export function TokenFields(
  { resource, configuredLifetime, form, problems = [] }: SettingFields & {
    configuredLifetime: number;
  },
) {
  const lifetime = resource.accessTokenLifetime;
  const algorithm = form?.("signingAlgorithm") ?? resource.signingAlgorithm ?? "";
  return (
    <>
      <TextField
        id="accessTokenLifetime"
        label="Access token lifetime (optional)"
        hint={`From 1m to 24h. If empty: ${
          formatDuration(configuredLifetime)
        }, as configured for the server.`}
        problems={problems}
        maxlength={20}
        autocapitalize="none"
        autocomplete="off"
        spellcheck={false}
        value={form?.("accessTokenLifetime") ??
          (lifetime === undefined ? "" : shortDuration(lifetime))}
      />
      <Field id="signingAlgorithm" label="Signing algorithm" problems={problems}>
        <select
          id="signingAlgorithm"
          name="signingAlgorithm"
          {...fieldState(problems, "signingAlgorithm")}
        >
          <option value="" selected={algorithm === ""}>As configured for the server</option>
          {SIGNING_ALGORITHMS.map((name) => (
            <option value={name} selected={algorithm === name}>{name}</option>
          ))}
        </select>
      </Field>
      <fieldset>
        <legend>Extra claims of access tokens</legend>
        {RESOURCE_CLAIMS.map((claim) => (
          <label class="check">
            <input
              type="checkbox"
              name={`claim:${claim}`}
              checked={form === undefined
                ? resource.claims.includes(claim)
                : !!form(`claim:${claim}`)}
            />
            <span>
              {CLAIM_LABELS[claim]} <code class="muted small">{claim}</code>
            </span>
          </label>
        ))}
      </fieldset>
    </>
  );
}
