import { isLoopbackHost } from "../../config/parsers.ts";
import { DomainError } from "../../domain_error.ts";
import { normalizeDomain } from "../../identity_providers/mail_domain.ts";
import { TEMPLATE_NAMES, templateOf } from "../../identity_providers/templates.ts";
import { sanitizeLine } from "../../../shared/sanitize.ts";
import type {
  AcrMapping,
  FirstSignInPolicy,
  IdentityProvider,
  ProviderSettings,
} from "../../store/identity_providers.ts";
import { hasHiddenCharacters, nameProblem } from "../../store/users.ts";

const NAME = /^[a-z0-9][a-z0-9_-]{0,31}$/;
const MAX_TEXT = 200;
const MAX_SECRET = 2000;
const MAX_DOMAINS = 100;
const MAX_VALUES = 20;
/** RFC 6749 section 3.3. */
const SCOPE = /^[\x21\x23-\x5b\x5d-\x7e]{1,200}$/;

/** What to change; undefined stays, null is removed. */
export type ProviderChanges = {
  [Key in keyof ProviderSettings]?: ProviderSettings[Key] | null;
};

/** What an operator says about a new provider; the rest follows from the template. */
export interface NewProvider extends Omit<ProviderChanges, "clientId"> {
  name?: string;
  template: string;
  issuer?: string;
  clientId: string;
  disabled?: boolean;
}

/** The provider with the defaults of its template, or what is wrong with it. */
export function newProvider(
  { template: templateName, ...options }: NewProvider,
  now: Date,
): IdentityProvider | DomainError {
  if (!TEMPLATE_NAMES.includes(templateName)) {
    return invalid(
      "template",
      `There is no template "${sanitizeLine(templateName, 40)}". Use ${
        TEMPLATE_NAMES.slice(0, -1).join(", ")
      } or ${TEMPLATE_NAMES.at(-1)}.`,
    );
  }
  const template = templateOf({ template: templateName });
  const name = options.name ?? template.name;
  if (!NAME.test(name)) {
    return invalid(
      "name",
      `"${
        sanitizeLine(name, 40)
      }" is not a valid name. Use up to 32 lowercase letters, digits and ` +
        "the characters _ and -.",
    );
  }
  const named = options.issuer?.trim() ?? template.issuer;
  if (named === undefined) {
    return invalid("issuer", `Name the issuer, such as ${template.issuerExample}.`);
  }
  const problem = issuerProblem(named, template);
  if (problem !== undefined) return invalid("issuer", problem);
  // GitHub does not say how it writes its own address. Others do, and it has to be the same.
  const issuer = template.protocol === "github" ? new URL(named).origin : named;
  const domains = parseDomains(options.domains ?? []);
  if (domains instanceof DomainError) return domains;
  const isOpen = domains.length === 0 && template.isPublic(issuer);
  return {
    name,
    template: template.name,
    title: options.title ?? undefined,
    issuer,
    clientId: options.clientId.trim(),
    domains,
    required: options.required ?? false,
    trustsAddresses: options.trustsAddresses ?? false,
    firstSignIn: options.firstSignIn ?? (isOpen ? "queue" : "allow"),
    groupsClaim: options.groupsClaim ?? undefined,
    acrMapping: options.acrMapping ?? undefined,
    scopes: options.scopes ?? [],
    recheck: options.recheck ?? false,
    createdAt: now,
    disabledAt: options.disabled ? now : undefined,
  };
}

/** Whether two issuers would be one provider, however they are written. */
export function isSameIssuer(left: string, right: string): boolean {
  const canonical = (issuer: string) => new URL(issuer).href.replace(/\/$/, "");
  return canonical(left) === canonical(right);
}

/** Domains as they are compared. */
export function parseDomains(domains: readonly string[]): string[] | DomainError {
  if (domains.length > MAX_DOMAINS) {
    return invalid("domains", `There are at most ${MAX_DOMAINS} domains.`);
  }
  const parsed = domains.map((domain) => [domain, normalizeDomain(domain)] as const);
  const wrong = parsed.find(([, normalized]) => normalized === undefined);
  if (wrong !== undefined) {
    return invalid(
      "domains",
      `"${sanitizeLine(wrong[0], 60)}" is not a mail domain. Write it like acme.com.`,
    );
  }
  return [...new Set(parsed.map(([, normalized]) => normalized!))];
}

/** What is wrong with a provider as it would be after a change. */
export function providerProblem(provider: IdentityProvider): DomainError | undefined {
  const { title, clientId, domains, required, firstSignIn, groupsClaim, acrMapping } = provider;
  const template = templateOf(provider);
  const titleProblem = title === undefined ? undefined : nameProblem(title);
  if (titleProblem !== undefined) return invalid("title", titleProblem);
  if (!isPlain(clientId)) return invalid("clientId", `Enter the client ID of ${template.console}.`);
  if (required && domains.length === 0) {
    return invalid("required", "Name the mail domains whose users have to sign in with it.");
  }
  if (firstSignIn === "allow" && domains.length === 0 && template.isPublic(provider.issuer)) {
    return invalid(
      "firstSignIn",
      `Anyone can get an account of ${template.title}, so this would let everyone in. Name the ` +
        "mail domains that are allowed, or queue first sign-ins.",
    );
  }
  if (groupsClaim !== undefined && !isPlain(groupsClaim)) {
    return invalid("groupsClaim", "The name of the claim is not valid. Write it like groups.");
  }
  return acrMapping === undefined
    ? scopesProblem(provider)
    : acrProblem(acrMapping) ?? scopesProblem(provider);
}

function scopesProblem({ scopes }: IdentityProvider): DomainError | undefined {
  const wrong = scopes.find((scope) => !SCOPE.test(scope));
  if (wrong === undefined && scopes.length <= MAX_VALUES) return undefined;
  return invalid(
    "scopes",
    wrong === undefined
      ? `There are at most ${MAX_VALUES} scopes.`
      : `"${sanitizeLine(wrong, 60)}" is not a valid scope.`,
  );
}

function acrProblem(mapping: AcrMapping): DomainError | undefined {
  const entries = Object.entries(mapping);
  const wrong = entries.find(([value, level]) =>
    !isPlain(value) || (level !== "2fa" && level !== "phr")
  );
  if (wrong === undefined && entries.length <= MAX_VALUES) return undefined;
  return invalid(
    "acrMapping",
    wrong === undefined
      ? `There are at most ${MAX_VALUES} values.`
      : `"${sanitizeLine(wrong[0], 60)}" has to count as 2fa or phr.`,
  );
}

export function secretProblem(secret: string): DomainError | undefined {
  const isValid = secret !== "" && secret.length <= MAX_SECRET && !/[\s\p{C}]/u.test(secret);
  return isValid ? undefined : invalid(
    "clientSecret",
    "The client secret is empty, too long, or has spaces. Copy it again.",
  );
}

function issuerProblem(
  issuer: string,
  template: ReturnType<typeof templateOf>,
): string | undefined {
  const example = `Write it like ${template.issuerExample}.`;
  if (!URL.canParse(issuer) || issuer.length > MAX_TEXT) {
    return `"${sanitizeLine(issuer, 80)}" is not a valid URL. ${example}`;
  }
  const url = new URL(issuer);
  if (url.protocol !== "https:" && !(url.protocol === "http:" && isLoopbackHost(url.hostname))) {
    return `The issuer has to use https. ${example}`;
  }
  // OpenID Connect Discovery 1.0 section 3.
  if (url.search !== "" || url.hash !== "" || url.username !== "" || url.password !== "") {
    return `The issuer has no user, query or fragment. ${example}`;
  }
  if (url.pathname.includes("/.well-known/")) {
    return "This is the URL of the discovery document. The issuer is what comes before /.well-known.";
  }
  if (template.protocol === "github" && url.pathname !== "/") {
    return `Name only the host. ${example}`;
  }
  return template.issuerProblem?.(issuer);
}

function isPlain(text: string): boolean {
  return text !== "" && text.length <= MAX_TEXT && !/\s/.test(text) && !hasHiddenCharacters(text) &&
    text.isWellFormed();
}

export function isFirstSignInPolicy(value: string): value is FirstSignInPolicy {
  return value === "allow" || value === "queue" || value === "refuse";
}

function invalid(field: string, message: string): DomainError {
  return new DomainError("invalid", message, { field });
}
