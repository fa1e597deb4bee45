import { githubAlert } from "./leaks/github.ts";
import { gitlabReport } from "./leaks/gitlab.ts";
import { reportLeak } from "./leaks/report.ts";
import { listScopes } from "./scopes/list.ts";
import type { ApiOperation } from "./operation.ts";
import { createTokenOperation } from "./tokens/create.ts";
import { editTokenOperation } from "./tokens/edit.ts";
import { importTokenOperation } from "./tokens/import.ts";
import { listTokens } from "./tokens/list.ts";
import { revokeTokenOperation } from "./tokens/revoke.ts";
import { rotateTokenOperation } from "./tokens/rotate.ts";
import { showOwnToken, showToken } from "./tokens/show.ts";

/** Every operation of the REST API, in the order of its documentation. */
export const apiOperations: readonly ApiOperation[] = [
  createTokenOperation,
  listTokens,
  showOwnToken,
  importTokenOperation,
  showToken,
  editTokenOperation,
  rotateTokenOperation,
  revokeTokenOperation,
  listScopes,
  reportLeak,
  gitlabReport,
  githubAlert,
];
