import type { ListedUser } from "../../../admin/list_users.ts";
import { Badge } from "../../ui/badge.tsx";

/** Whether a user can sign in, and their role. */
export function PersonState({ user }: { user: ListedUser }) {
  const state = user.disabled
    ? <Badge tone="bad">Disabled</Badge>
    : user.canSignIn
    ? <Badge tone="good">Active</Badge>
    : <Badge tone="warning">Invited</Badge>;
  return (
    <>
      {state}
      {user.isAdmin && (
        <>
          {" "}
          <Badge tone="neutral">Administrator</Badge>
        </>
      )}
    </>
  );
}
