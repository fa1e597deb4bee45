import { brand } from "../../../../shared/brand.ts";
import { EXIT } from "../../../../shared/exit_codes.ts";
import { listText } from "../../../../shared/list_text.ts";
import { nameKey } from "../../../../shared/name_key.ts";
import { sanitizeLine } from "../../../../shared/sanitize.ts";
import type { DeletedUser } from "../../../admin/delete_user.ts";
import type { ShownUser } from "../../../admin/list_users.ts";
import type { ServerIo } from "../../../io.ts";
import { reportUsage } from "../../failure.ts";
import type { DatabaseOptions } from "../../options.ts";
import { adminCommand } from "../command.ts";
import { formatExactCount } from "../../../../shared/exact_count.ts";

type DeleteOptions = DatabaseOptions & { yes?: boolean; force?: boolean };

/** `admin user delete`: asks for the user's address before it deletes anything. */
export async function adminUserDelete(
  user: string,
  { yes, force, ...options }: DeleteOptions,
  io: ServerIo,
): Promise<number> {
  let id = user;
  if (!yes) {
    const code = await adminCommand("showUser", { email: user }, options, io, async (details) => {
      // Whom the operator confirmed, even if the address becomes another user's meanwhile.
      id = details.id;
      return await confirmDeletion(details, io);
    });
    if (code !== EXIT.ok) return code;
  }
  const report = ({ email, rulesNamingUser, isErased }: DeletedUser) => {
    io.stdout(`Deleted ${email}.\n`);
    if (!isErased) {
      io.stderr(
        "Note: the audit log is long. A running server continues to remove the address from it, " +
          "within minutes or hours.\n",
      );
    }
    io.stderr(describeRulesNaming(email, rulesNamingUser));
    return EXIT.ok;
  };
  const params = { email: id, force };
  return await adminCommand("deleteUser", params, options, io, report, { isSecond: !yes });
}

/** What still trusts identity tokens of a user who has left. */
export function describeRulesNaming(email: string, rules: readonly string[]): string {
  if (rules.length === 0) return "";
  return `Warning: identity tokens with the address ${
    sanitizeLine(email, 254)
  } are still trusted ` +
    `by ${
      listText(rules, "none", ", ")
    }. To change that, run: ${brand.binaryName} admin trust remove NAME\n`;
}

async function confirmDeletion(user: ShownUser, io: ServerIo): Promise<number> {
  const email = sanitizeLine(user.email, 254);
  const answer = await io.promptLine(
    `This deletes ${sanitizeLine(user.name)} <${email}>${
      user.isAdmin ? ", an administrator," : ""
    } ` +
      `with:\n${describeBelongings(user)}` +
      "It cannot be undone. To only reject what the user does, use disable instead.\n" +
      "To delete the user, type the address: ",
  );
  if (answer === undefined) {
    return reportUsage("No terminal to ask for confirmation. To delete the user, use --yes.", io);
  }
  if (nameKey(answer) === nameKey(user.email)) return EXIT.ok;
  if (io.signal.aborted) {
    io.stderr("\n");
    return EXIT.interrupted;
  }
  io.stderr(`This is not the address of the user. Nothing was deleted.\n`);
  return EXIT.failure;
}

function describeBelongings({ belongings }: ShownUser): string {
  const { browsers, logins, tokens, trustRules } = belongings;
  return [
    formatExactCount(browsers, "browser session"),
    formatExactCount(logins, "login"),
    formatExactCount(tokens, "personal access token"),
    ...trustRules > 0 ? [formatExactCount(trustRules, "trust rule")] : [],
  ].map((line) => `  ${line}\n`).join("");
}
