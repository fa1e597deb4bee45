import { type ShownUser, showUser } from "../../../admin/list_users.ts";
import { DomainError } from "../../../domain_error.ts";
import { isUuid } from "../../../../shared/uuid.ts";
import type { PageContext } from "../../context.ts";
import { errorPage, toPageError } from "../../http/error_page.tsx";
import type { PageDeps } from "../../http/page_route.ts";
import { PEOPLE_PATH } from "./paths.ts";

/** The user with this id, or the error page. */
export async function findPerson(
  deps: PageDeps,
  c: PageContext,
  id = "",
): Promise<ShownUser | Response> {
  const person = isUuid(id)
    ? await showUser(deps, { email: id })
    : new DomainError("not_found", "This is not the id of a user.");
  return person instanceof DomainError ? await personNotFound(deps, c, person) : person;
}

export async function personNotFound(
  deps: PageDeps,
  c: PageContext,
  error: DomainError,
): Promise<Response> {
  return await errorPage(
    deps,
    c,
    toPageError(error, {
      id: "person_not_found",
      title: "Person not found",
      children: (
        <p>
          There is no such user; the account may have been deleted.{" "}
          <a href={PEOPLE_PATH}>View all users</a>
        </p>
      ),
    }),
  );
}
