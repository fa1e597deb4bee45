import { addIdentityProvider } from "../../../admin/identity_providers/operations.ts";
import { DomainError } from "../../../domain_error.ts";
import { redirectUri } from "../../../identity_providers/redirect_uri.ts";
import { templates } from "../../../identity_providers/templates.ts";
import type { PageContext } from "../../context.ts";
import { toFormProblem } from "../../http/form_problem.ts";
import { setNotice } from "../../http/notice.ts";
import type { PageDeps } from "../../http/page_route.ts";
import { Field, fieldState } from "../../ui/form_field.tsx";
import type { SubmittedForm } from "../../ui/form_page.tsx";
import { TextField } from "../../ui/text_field.tsx";
import { administrator } from "../administrator.ts";
import { PROVIDER_FIELD_IDS, providerFormPage } from "./form.tsx";
import { providerPath, PROVIDERS_CRUMB, PROVIDERS_PATH } from "./paths.ts";
import { readSettings } from "./read_settings.ts";

const LABELS: Record<string, string> = {
  google: "Google",
  entra: "Microsoft Entra ID",
  okta: "Okta",
  github: "GitHub",
  gitlab: "GitLab",
  keycloak: "Keycloak",
  generic: "Other (OpenID Connect)",
};

/** GET /admin/identity-providers/add */
export async function showAddProvider(deps: PageDeps, c: PageContext): Promise<Response> {
  return await addProviderPage(deps, c, {});
}

/** POST /admin/identity-providers/add. Its name keeps a form that is sent twice from adding two. */
export async function submitAddProvider(deps: PageDeps, c: PageContext): Promise<Response> {
  const form = c.get("form");
  const settings = readSettings(form);
  const added = settings instanceof DomainError ? settings : await addIdentityProvider(
    administrator(deps, c),
    {
      ...settings,
      template: form("template") ?? "",
      name: form("name")?.trim() || undefined,
      issuer: form("issuer")?.trim() || undefined,
      clientSecret: form("clientSecret")?.trim() ?? "",
      disabled: !!form("disabled"),
    },
  );
  if (added instanceof DomainError) {
    const problems = [toFormProblem(added, PROVIDER_FIELD_IDS)];
    return await addProviderPage(deps, c, { form, problems });
  }
  setNotice(deps, c, {
    code: "provider_added",
    text: `Added ${added.name}. Register its redirect URI at the provider, and test it.` +
      (added.isSecretEncrypted
        ? ""
        : " The server has no secret_key, so the client secret is not encrypted in the database."),
  });
  return c.redirect(providerPath("show", added.name), 303);
}

async function addProviderPage(
  deps: PageDeps,
  c: PageContext,
  submitted: SubmittedForm,
): Promise<Response> {
  const { form, problems = [] } = submitted;
  const template = form?.("template") ?? "google";
  const plain = { autocapitalize: "none", autocomplete: "off", spellcheck: false } as const;
  return await providerFormPage(deps, c, {
    name: "add_identity_provider",
    title: "Add identity provider",
    breadcrumbs: [PROVIDERS_CRUMB],
    intro: (
      <p>
        First register this server at the provider, with the redirect URI{" "}
        <code>{redirectUri(deps, "NAME")}</code>, where NAME is the name below.
      </p>
    ),
    provider: { firstSignIn: "queue" },
    identity: (
      <>
        <Field id="template" label="Provider" problems={problems}>
          <select id="template" name="template" {...fieldState(problems, "template")}>
            {templates.map(({ name }) => (
              <option value={name} selected={name === template}>{LABELS[name] ?? name}</option>
            ))}
          </select>
        </Field>
        <TextField
          id="name"
          label="Name (optional)"
          hint="Part of the redirect URI, such as okta. It cannot be changed later. If empty: google, entra, okta, github, gitlab, keycloak or generic."
          problems={problems}
          maxlength={32}
          {...plain}
          value={form?.("name") ?? ""}
        />
        <TextField
          id="issuer"
          label="Issuer (not for Google; optional for GitHub and GitLab)"
          hint="Such as https://acme.okta.com. It cannot be changed later: accounts are known by it."
          problems={problems}
          maxlength={200}
          {...plain}
          value={form?.("issuer") ?? ""}
        />
        <label class="check">
          <input
            type="checkbox"
            name="disabled"
            checked={form === undefined || !!form("disabled")}
          />
          <span>Disabled at first, to test it before users see it</span>
        </label>
      </>
    ),
    secret: {
      label: "Client secret",
      hint: deps.encryption.isEnabled
        ? "Encrypted in the database, and not shown again."
        : "The server has no secret_key, so it is not encrypted in the database. It is not shown again.",
      required: true,
    },
    submit: "Add provider",
    cancelPath: PROVIDERS_PATH,
  }, submitted);
}
