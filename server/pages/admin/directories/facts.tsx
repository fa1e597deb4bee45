import type { DirectoryView } from "../../../admin/directory_operations.ts";
import { Badge } from "../../ui/badge.tsx";

export function DirectoryState({ directory }: { directory: Pick<DirectoryView, "disabledAt"> }) {
  return directory.disabledAt === null
    ? <Badge tone="good">Enabled</Badge>
    : <Badge tone="bad">Disabled</Badge>;
}
