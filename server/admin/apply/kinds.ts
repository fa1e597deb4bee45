import type { ManagedKindHandler } from "./managed_kind.ts";
import { client } from "./kinds/client.ts";
import { group } from "./kinds/group.ts";
import { resource } from "./kinds/resource.ts";

/** In the order in which they are added: what others refer to first. */
export const HANDLERS: readonly ManagedKindHandler[] = [group, resource, client];
