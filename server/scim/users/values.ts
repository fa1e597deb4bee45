import { nameKey } from "../../../shared/name_key.ts";
import { emailProblem, hasHiddenCharacters, nameProblem } from "../../store/users.ts";
import type { DirectoryUser, DirectoryUserValues } from "../../store/directories/users.ts";
import { badRequest } from "../error.ts";
import { USER } from "../schema/resource_type.ts";
import { comparableValues, type Values } from "../value.ts";

/** What a user's account has of the directory's attributes. */
export interface AccountValues {
  email: string;
  name: string;
}

const MAX_USER_NAME_LENGTH = 254;

/** The attributes of a stored user as a client may change them. */
export function valuesOf(user: DirectoryUser): Values {
  return {
    ...user.externalId !== undefined && { externalId: user.externalId },
    userName: user.userName,
    active: user.active,
    ...user.attributes as Values,
  };
}

/** Separates what has columns, and checks what identifies the user. */
export function storedValues(values: Values): DirectoryUserValues {
  const { userName, externalId, active: _active, ...attributes } = values;
  if (typeof userName !== "string" || userName.trim() === "") {
    throw badRequest("invalidValue", "The attribute userName is required.");
  }
  if (userName.length > MAX_USER_NAME_LENGTH || hasHiddenCharacters(userName)) {
    throw badRequest(
      "invalidValue",
      `userName has more than ${MAX_USER_NAME_LENGTH} characters, or invisible ones.`,
    );
  }
  return {
    userName,
    externalId: externalId as string | undefined,
    attributes,
    keys: {
      ...comparableValues(USER.attributes, attributes),
      meta: { resourceType: USER.name },
    },
  };
}

/** The address and name of the account. Throws if the directory sent no valid ones. */
export function accountValues(values: Values): AccountValues {
  const email = addressOf(values);
  if (email === undefined || emailProblem(email) !== undefined) {
    throw badRequest(
      "invalidValue",
      "The user needs an e-mail address: the primary one in emails, the one of type work, the " +
        "first one, or userName.",
    );
  }
  const name = displayNameOf(values) ?? email.slice(0, email.indexOf("@"));
  const problem = nameProblem(name);
  if (problem !== undefined) {
    throw badRequest("invalidValue", `displayName, or the parts of name: ${problem}`);
  }
  return { email: email.normalize("NFC"), name: name.normalize("NFC") };
}

function addressOf({ emails, userName }: Values): string | undefined {
  const list = (emails ?? []) as Values[];
  const preferred = list.find(({ primary, value }) => primary === true && value !== undefined) ??
    list.find(({ type, value }) => nameKey(String(type)) === "work" && value !== undefined) ??
    list.find(({ value }) => value !== undefined);
  const address = (preferred?.value ?? userName) as string | undefined;
  return address?.trim();
}

function displayNameOf({ displayName, name }: Values): string | undefined {
  const { formatted, givenName, familyName } = (name ?? {}) as Record<string, string | undefined>;
  const parts = [givenName, familyName].filter((part) => part !== undefined && part.trim() !== "");
  return [displayName as string | undefined, formatted, parts.join(" ")]
    .map((text) => text?.trim()).find((text) => text !== undefined && text !== "");
}

/** The mail domain of an address, as it is compared. */
export function domainOf(email: string): string {
  const key = nameKey(email);
  return key.slice(key.lastIndexOf("@") + 1);
}
