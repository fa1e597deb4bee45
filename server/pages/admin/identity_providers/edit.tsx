import { updateIdentityProvider } from "../../../admin/identity_providers/operations.ts";
import { providerVersion } from "../../../admin/identity_providers/view.ts";
import { DomainError } from "../../../domain_error.ts";
import type { IdentityProvider } from "../../../store/identity_providers.ts";
import { managingFile } from "../../../store/managed_file.ts";
import type { PageContext } from "../../context.ts";
import { type FormProblem, toFormProblem } from "../../http/form_problem.ts";
import { setNotice } from "../../http/notice.ts";
import type { PageDeps } from "../../http/page_route.ts";
import { Fact } from "../../ui/facts.tsx";
import type { SubmittedForm } from "../../ui/form_page.tsx";
import { HiddenFields } from "../../ui/hidden_fields.tsx";
import { administrator } from "../administrator.ts";
import { findProvider } from "./find_provider.tsx";
import { PROVIDER_FIELD_IDS, providerFormPage } from "./form.tsx";
import { providerCrumbs, providerPath } from "./paths.ts";
import { readSettings, settingChanges } from "./read_settings.ts";

const CHANGED_MEANWHILE: FormProblem = {
  code: "conflict",
  message: "The identity provider was changed in the meantime, so nothing was saved. The form " +
    "shows its present settings. Change them again.",
};

/** GET /admin/identity-providers/edit?provider=… */
export async function showEditProvider(deps: PageDeps, c: PageContext): Promise<Response> {
  const provider = await findProvider(deps, c, c.get("query")("provider"));
  return provider instanceof Response ? provider : await editProviderPage(deps, c, provider, {});
}

/** POST /admin/identity-providers/edit */
export async function submitEditProvider(deps: PageDeps, c: PageContext): Promise<Response> {
  const form = c.get("form");
  const provider = await findProvider(deps, c, form("provider"));
  if (provider instanceof Response) return provider;
  const { name } = provider;
  const version = form("version") ?? "";
  const clientSecret = form("clientSecret")?.trim() || undefined;
  const settings = readSettings(form);
  if (settings instanceof DomainError) return await rejected(deps, c, provider, settings);
  const changes = settingChanges(provider, settings);
  const isUnchanged = Object.keys(changes).length === 0 && clientSecret === undefined;
  if (version === providerVersion(provider) && isUnchanged) {
    setNotice(deps, c, { code: "provider_unchanged", text: "Nothing was changed." });
    return c.redirect(providerPath("show", name), 303);
  }
  const updated = await updateIdentityProvider(administrator(deps, c), {
    name,
    changes,
    clientSecret,
    version,
  });
  if (updated instanceof DomainError && updated.code === "conflict" && !updated.field) {
    const changed = await findProvider(deps, c, name);
    if (changed instanceof Response) return changed;
    return await editProviderPage(deps, c, changed, { problems: [CHANGED_MEANWHILE] });
  }
  if (updated instanceof DomainError) return await rejected(deps, c, provider, updated);
  setNotice(deps, c, {
    code: "provider_changed",
    text: `Changed ${name}. It applies to the next sign-ins.`,
  });
  return c.redirect(providerPath("show", name), 303);
}

async function rejected(
  deps: PageDeps,
  c: PageContext,
  provider: IdentityProvider,
  error: DomainError,
): Promise<Response> {
  const problems = [toFormProblem(error, PROVIDER_FIELD_IDS)];
  return await editProviderPage(deps, c, provider, { form: c.get("form"), problems });
}

async function editProviderPage(
  deps: PageDeps,
  c: PageContext,
  provider: IdentityProvider,
  submitted: SubmittedForm,
): Promise<Response> {
  const { name, issuer } = provider;
  // A form that is shown again has the version of its own values, not the present one.
  const version = submitted.form?.("version") ?? providerVersion(provider);
  return await providerFormPage(deps, c, {
    name: "edit_identity_provider",
    title: "Edit identity provider",
    breadcrumbs: providerCrumbs(name),
    provider,
    identity: (
      <>
        <HiddenFields fields={{ provider: name, version }} />
        <dl>
          <Fact name="Name">
            <code>{name}</code>
          </Fact>
          <Fact name="Issuer">
            <code>{issuer}</code>
            <p class="hint">Cannot be changed: accounts are known by it.</p>
          </Fact>
        </dl>
      </>
    ),
    secret: {
      label: "New client secret (optional)",
      hint: "If empty, the present one is kept.",
      required: false,
    },
    managedBy: managingFile(provider),
    submit: "Save changes",
    cancelPath: providerPath("show", name),
  }, submitted);
}
