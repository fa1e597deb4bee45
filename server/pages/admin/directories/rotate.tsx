import { MAX_OVERLAP_SECONDS } from "../../../../shared/tokens/limits.ts";
import { type DirectoryView, rotateToken } from "../../../admin/directory_operations.ts";
import { DomainError } from "../../../domain_error.ts";
import { generateDirectoryToken } from "../../../tokens/directory_token.ts";
import type { PageContext } from "../../context.ts";
import { errorPage, toPageError } from "../../http/error_page.tsx";
import type { FormProblem } from "../../http/form_problem.ts";
import type { PageDeps } from "../../http/page_route.ts";
import { formPage, type SubmittedForm } from "../../ui/form_page.tsx";
import { HiddenFields } from "../../ui/hidden_fields.tsx";
import { OverlapField, readOverlap } from "../../ui/overlap_field.tsx";
import { administrator } from "../administrator.ts";
import { findDirectory } from "./find_directory.tsx";
import { directoryCrumbs, directoryPath } from "./paths.ts";
import { directoryTokenPage } from "./token.tsx";

const INVALID_OVERLAP: FormProblem = {
  code: "invalid",
  message: "Select how long the previous token works.",
  fields: ["overlap"],
};

/** GET /admin/directories/rotate?directory=… */
export async function showRotateDirectory(deps: PageDeps, c: PageContext): Promise<Response> {
  const directory = await findDirectory(deps, c, c.get("query")("directory"));
  return directory instanceof Response ? directory : await rotatePage(deps, c, directory, {});
}

/**
 * POST /admin/directories/rotate: responds with the new token. The form names the token to replace,
 * so that reloading the page does not rotate again.
 */
export async function submitRotateDirectory(deps: PageDeps, c: PageContext): Promise<Response> {
  const form = c.get("form");
  const directory = await findDirectory(deps, c, form("directory"));
  if (directory instanceof Response) return directory;
  const overlapSeconds = readOverlap(form);
  const isValid = Number.isInteger(overlapSeconds) && overlapSeconds >= 0 &&
    overlapSeconds <= MAX_OVERLAP_SECONDS;
  if (!isValid) {
    return await rotatePage(deps, c, directory, { form, problems: [INVALID_OVERLAP] });
  }
  const { token, hash, prefix } = generateDirectoryToken();
  const rotated = await rotateToken(administrator(deps, c), {
    name: directory.name,
    tokenHash: hash,
    tokenPrefix: prefix,
    overlapSeconds,
    replaces: form("replaces") ?? "",
  });
  if (rotated instanceof DomainError) {
    if (rotated.code === "conflict") return await alreadyRotatedPage(deps, c, directory);
    return await errorPage(deps, c, toPageError(rotated));
  }
  return await directoryTokenPage(deps, c, { directory: rotated, token, isRotated: true });
}

async function rotatePage(
  deps: PageDeps,
  c: PageContext,
  { name, tokenPrefix, previousTokenExpiresAt }: DirectoryView,
  submitted: SubmittedForm,
): Promise<Response> {
  return await formPage(deps, c, {
    name: "rotate_directory_token",
    title: "Rotate token",
    breadcrumbs: directoryCrumbs(name),
    intro: (
      <>
        <p>
          <strong>{name}</strong> gets a new token.
        </p>
        {previousTokenExpiresAt !== null && (
          <p class="warning" id="earlier-token">
            The token before the present one still works. It stops working at once: two tokens
            overlap, not three.
          </p>
        )}
      </>
    ),
    fields: (
      <>
        <HiddenFields fields={{ directory: name, replaces: tokenPrefix }} />
        <OverlapField label="Previous token" {...submitted} />
      </>
    ),
    submit: "Rotate token",
    cancelPath: directoryPath("show", name),
  }, submitted);
}

async function alreadyRotatedPage(
  deps: PageDeps,
  c: PageContext,
  { name }: DirectoryView,
): Promise<Response> {
  return await errorPage(deps, c, {
    code: "conflict",
    id: "already_rotated",
    title: "Token not rotated",
    children: (
      <>
        <p>
          The same form was submitted twice, or the token was rotated in the meantime. Nothing was
          changed this time.
        </p>
        <p>
          If you did not copy the present token of <a href={directoryPath("show", name)}>{name}</a>,
          {" "}
          <a href={directoryPath("rotate", name)}>rotate it again</a>.
        </p>
      </>
    ),
  });
}
