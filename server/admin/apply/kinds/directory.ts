import { formatExactCount } from "../../../../shared/exact_count.ts";
import { listDirectories } from "../../../store/directories/directories.ts";
import { generateDirectoryToken } from "../../../tokens/directory_token.ts";
import {
  addDirectory,
  removeDirectory,
  setDirectoryDisabled,
  updateDirectory,
} from "../../directory_operations.ts";
import type { ManagedKindHandler } from "../managed_kind.ts";
import { refusal } from "../managed_kind.ts";

export const directory: ManagedKindHandler = {
  kind: "directory",
  async read({ tx }) {
    return new Map((await listDirectories(tx)).map(({ name, domains, disabledAt }) => [name, {
      fields: { domains: [...domains], disabled: disabledAt !== undefined },
    }]));
  },
  complete(_deps, _name, { domains = [], disabled = false }) {
    return Promise.resolve({
      domains: (domains as string[]).map((domain) => domain.toLowerCase()),
      disabled,
    });
  },
  async add(deps, name, { domains, disabled }) {
    // No one knows this token: `admin scim rotate-token` prints one.
    const { hash: tokenHash, prefix: tokenPrefix } = generateDirectoryToken();
    const added = await addDirectory(deps, {
      name,
      domains: domains as string[],
      tokenHash,
      tokenPrefix,
    });
    return refusal(added) ??
      (disabled ? refusal(await setDirectoryDisabled(deps, { name, disabled: true })) : undefined);
  },
  async change(deps, { name, after, changed }) {
    if (changed.has("domains")) {
      const updated = await updateDirectory(deps, { name, domains: after.domains as string[] });
      if (refusal(updated)) return refusal(updated);
    }
    if (!changed.has("disabled")) return undefined;
    return refusal(await setDirectoryDisabled(deps, { name, disabled: after.disabled === true }));
  },
  async remove(deps, name) {
    return refusal(await removeDirectory(deps, { name }));
  },
  async removalDangers({ tx }, name) {
    const directory = (await listDirectories(tx)).find((directory) => directory.name === name);
    const { users = 0, groups = 0 } = directory ?? {};
    if (users + groups === 0) return [];
    const counts = [[users, "user"], [groups, "group"]] as const;
    const list = counts.filter(([count]) => count > 0)
      .map(([count, noun]) => formatExactCount(count, noun));
    return [{
      code: "directory_in_use",
      message: `It has provisioned ${list.join(" and ")}: its groups lose their members, and no ` +
        "one disables its users when they leave.",
      advice: "Disable it first, with disabled = true.",
    }];
  },
};
