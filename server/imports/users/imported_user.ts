import { isUuid } from "../../../shared/uuid.ts";
import { groupNameProblem, isRoleGroup } from "../../access/group_names.ts";
import { DomainError } from "../../domain_error.ts";
import { importHash } from "../../security/imported_hash/import_hash.ts";
import { emailProblem, nameProblem } from "../../store/users.ts";
import type { ImportProblem, ImportProblemCode } from "../problem.ts";

/** A user to import, checked, as JSON. */
export interface ImportedUser {
  line: number;
  /** The `sub` of the user's tokens; undefined: the new id. */
  subject?: string;
  email: string;
  name: string;
  /** As it is stored; undefined: the user chooses a password with a link. */
  passwordHash?: string;
  emailVerified: boolean;
  disabled: boolean;
  groups: string[];
}

/** A user as a file describes it, whatever its format. */
export interface UserFields {
  id?: unknown;
  email?: unknown;
  name?: unknown;
  passwordHash?: unknown;
  emailVerified?: unknown;
  disabled?: unknown;
  groups?: unknown;
}

/** Of an id, in characters: tokens have it, and fit into headers. */
const MAX_ID_LENGTH = 100;
const MAX_GROUPS = 100;

/** Checks what a file says about a user. */
export function toImportedUser(line: number, fields: UserFields): ImportedUser | ImportProblem {
  const problem = (
    message: string,
    code: ImportProblemCode = "invalid_field",
  ): ImportProblem => ({ line, user: nameOf(fields), code, message });
  const { email, name, passwordHash, emailVerified, disabled, groups } = fields;
  const id = fields.id ?? undefined;
  if (id !== undefined && !isSubject(id)) {
    return problem(
      `The id must be text of at most ${MAX_ID_LENGTH} visible ASCII characters without spaces.`,
    );
  }
  if (email === undefined || email === null || email === "") {
    return problem("The user has no e-mail address, which is needed to sign in. Add one.");
  }
  if (typeof email !== "string") return problem("The e-mail address must be text.");
  const address = email.trim();
  const emailMessage = emailProblem(address);
  if (emailMessage !== undefined) return problem(emailMessage);
  if (name !== undefined && name !== null && typeof name !== "string") {
    return problem("The name must be text.");
  }
  const displayName = name?.trim() || address.split("@")[0];
  const nameMessage = nameProblem(displayName);
  if (nameMessage !== undefined) return problem(nameMessage);
  const hash = readHash(passwordHash);
  if (hash instanceof DomainError) return problem(hash.message, "unsupported_hash");
  const isVerified = readBoolean(emailVerified);
  const isDisabled = readBoolean(disabled);
  if (isVerified === undefined || isDisabled === undefined) {
    const field = isVerified === undefined ? "email_verified" : "disabled";
    return problem(`The field ${field} must be true or false.`);
  }
  const names = readGroups(groups);
  if (typeof names === "string") return problem(names);
  return {
    line,
    subject: id,
    email: address,
    name: displayName,
    passwordHash: hash,
    emailVerified: isVerified,
    disabled: isDisabled,
    groups: names,
  };
}

/** How a message names the user; undefined if nothing in the file is short enough. */
function nameOf({ email, id }: UserFields): string | undefined {
  return [email, id].filter((text) => typeof text === "string")
    .find((text) => text !== "" && text.length <= MAX_ID_LENGTH);
}

/** OpenID Connect Core 1.0 section 2: `sub` has ASCII characters. It is also sent in a header. */
function isSubject(id: unknown): id is string {
  return typeof id === "string" && id.length <= MAX_ID_LENGTH && /^[\x21-\x7e]+$/.test(id);
}

function readHash(value: unknown): string | undefined | DomainError {
  if (value === undefined || value === null || value === "") return undefined;
  return importHash(typeof value === "string" ? value : "");
}

/** CSV has only text. */
function readBoolean(value: unknown): boolean | undefined {
  if (value === undefined || value === null) return false;
  if (typeof value === "boolean") return value;
  const text = String(value).toLowerCase();
  if (["true", "yes", "1"].includes(text)) return true;
  return ["false", "no", "0"].includes(text) ? false : undefined;
}

/** The names, or what is wrong with them. A text, as CSV has it, separates them by semicolons. */
function readGroups(value: unknown): string[] | string {
  if (value === undefined || value === null) return [];
  const list = typeof value === "string"
    ? value.split(";").map((name) => name.trim()).filter((name) => name !== "")
    : value;
  if (!Array.isArray(list)) return "The groups must be a list of names.";
  if (list.length > MAX_GROUPS) return `A user can be in at most ${MAX_GROUPS} groups.`;
  for (const name of list) {
    if (typeof name !== "string") return "The groups must be a list of names.";
    if (isRoleGroup(name.toLowerCase())) {
      return `The role ${name} cannot be imported as a group. Leave it out. For administrators, ` +
        "use admin user update --admin afterwards.";
    }
    const problem = groupNameProblem(name);
    if (problem !== undefined) return `The group ${JSON.stringify(name.slice(0, 64))} ${problem}`;
  }
  return [...new Set(list as string[])];
}

/** A UUID is also the id here, as a database writes it. */
export function idOfSubject(subject: string | undefined): string | undefined {
  const id = subject?.toLowerCase();
  return id !== undefined && isUuid(id) ? id : undefined;
}
