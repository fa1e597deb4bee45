/** What the browser sends, as JSON (WebAuthn section 5.1, "RegistrationResponseJSON"). */
import * as z from "zod/mini";
import { DomainError } from "../domain_error.ts";

/** In base64url, no longer than the form that it is part of. */
const base64url = z.string().check(z.regex(/^[\w-]+$/));

/** At most 1,023 bytes (WebAuthn section 7.1, step 25). */
const credentialId = base64url.check(z.maxLength(1364));

const registration = z.object({
  id: credentialId,
  rawId: credentialId,
  type: z.literal("public-key"),
  response: z.object({
    clientDataJSON: base64url,
    attestationObject: base64url,
    transports: z.optional(z.array(z.string().check(z.maxLength(32))).check(z.maxLength(10))),
  }),
});

const authentication = z.object({
  id: credentialId,
  rawId: credentialId,
  type: z.literal("public-key"),
  response: z.object({
    clientDataJSON: base64url,
    authenticatorData: base64url,
    signature: base64url,
    userHandle: z.nullish(base64url.check(z.maxLength(86))),
  }),
});

export type RegistrationJson = z.infer<typeof registration>;
export type AuthenticationJson = z.infer<typeof authentication>;

export function parseRegistration(text: string | undefined): RegistrationJson | DomainError {
  return parse(registration, text);
}

export function parseAuthentication(text: string | undefined): AuthenticationJson | DomainError {
  return parse(authentication, text);
}

function parse<T>(schema: z.ZodMiniType<T>, text: string | undefined): T | DomainError {
  let value: unknown;
  try {
    value = JSON.parse(text ?? "");
  } catch {
    return malformed();
  }
  const { data } = schema.safeParse(value);
  return data ?? malformed();
}

/** No browser sends this. Without a script, the form has no response. */
function malformed(): DomainError {
  return new DomainError(
    "invalid",
    "The browser sent no passkey that could be read. Allow scripts for this page and try again.",
    { reason: "malformed" },
  );
}
