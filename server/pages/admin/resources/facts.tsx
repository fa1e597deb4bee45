/** How pages show the attributes of a resource. */
import type { ResourceSource, ResourceView } from "../../../admin/resource_view.ts";
import type { ResourceClaim } from "../../../resources/resource.ts";
import { Badge } from "../../ui/badge.tsx";

const SOURCES: Record<ResourceSource, string> = {
  "built-in": "Built in",
  "config-file": "Config file",
  database: "Database",
};

export function Source({ source }: Pick<ResourceView, "source">) {
  return <Badge tone="neutral">{SOURCES[source]}</Badge>;
}

export const CLAIM_LABELS: Record<ResourceClaim, string> = {
  email: "The user’s e-mail address",
  groups: "The user’s groups and roles",
};

/** Why a resource cannot be changed here, and where it can. */
export const READ_ONLY: Record<Exclude<ResourceSource, "database">, string> = {
  "built-in": "Every server has this resource. It cannot be changed or removed here.",
  "config-file": "This resource is in the config file. Change it there, and restart the server.",
};
