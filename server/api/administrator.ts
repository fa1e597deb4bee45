import type { ApiRequest } from "./operation.ts";

/** What an operation needs, with who requests it and from where, for the audit log. */
export function administrator<Deps>(
  deps: Deps,
  { user, client, presented }: Pick<ApiRequest, "user" | "client" | "presented">,
): Deps & { actor: string; address: string; loginId?: string } {
  return { ...deps, actor: user.id, address: client.address, loginId: presented.loginId };
}
