/** How pages show the attributes of a group. */
import type { GroupOrigin, GroupView } from "../../../admin/group_view.ts";
import { Badge } from "../../ui/badge.tsx";
import { UntrustedText } from "../../ui/untrusted_text.tsx";

const ORIGINS: Record<GroupOrigin, string> = {
  "built-in": "Built in",
  "config-file": "Config file",
  database: "Database",
};

export function Origin({ origin }: Pick<GroupView, "origin">) {
  return <Badge tone="neutral">{ORIGINS[origin]}</Badge>;
}

/** Which groups of directories belong to it. */
export function From({ name, from }: Pick<GroupView, "name" | "from">) {
  if (name === "user") return <>All users</>;
  if (from === null) return <>Groups of any directory with this name</>;
  if (from.length === 0) return <>Added here only</>;
  return (
    <>
      {from.map((group, index) => (
        <>
          {index > 0 && ", "}
          <UntrustedText text={group} max={270} />
        </>
      ))}
    </>
  );
}

/** Why a group cannot be changed here, and where it can; undefined if it can. */
export function readOnlyReason({ name, origin }: GroupView): string | undefined {
  if (name === "user") return "Every user is in this group. It cannot be changed.";
  if (origin === "config-file") {
    return "This group is in the config file. Change it there, and restart the server. Members " +
      "are added and removed here.";
  }
  return undefined;
}
