import type { Crumb } from "../../ui/breadcrumbs.tsx";

export const PROVIDERS_PATH = "/admin/identity-providers";
export const REQUESTS_PATH = `${PROVIDERS_PATH}/requests`;

export const PROVIDERS_CRUMB: Crumb = { path: PROVIDERS_PATH, label: "Identity providers" };

type ProviderPage = "show" | "edit" | "test" | "disable" | "enable" | "remove";

/** A page about one provider. The name is in the query, since a provider may be called "add". */
export function providerPath(page: ProviderPage, name: string): string {
  return `${PROVIDERS_PATH}/${page}?${new URLSearchParams({ provider: name })}`;
}

export function providerCrumbs(name: string): Crumb[] {
  return [PROVIDERS_CRUMB, { path: providerPath("show", name), label: name }];
}

export function requestPath(decision: "approve" | "deny", id: string): string {
  return `${REQUESTS_PATH}/${decision}?${new URLSearchParams({ request: id })}`;
}
