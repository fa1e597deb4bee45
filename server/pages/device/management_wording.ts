import { isForAdministrators, permissionOf } from "../../../shared/management.ts";
import { parseScope } from "../../../shared/oauth/scope.ts";

/** How a page calls what a request for management scopes wants. */
export function managementWording(scope: string): { title: string; wish: string } {
  const permissions = (parseScope(scope) ?? []).map(permissionOf);
  const isForServer = permissions.some((permission) =>
    permission !== undefined && permission !== "admin" && isForAdministrators(permission)
  );
  return isForServer
    ? {
      title: "Approve access to the settings of this server?",
      wish: "wants to manage this server as",
    }
    : {
      title: "Approve access to your tokens?",
      wish: "wants to manage personal access tokens as",
    };
}
