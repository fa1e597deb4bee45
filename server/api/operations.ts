import { disableClientOperation, enableClientOperation } from "./clients/access.ts";
import { addClientOperation } from "./clients/add.ts";
import { listClientsOperation } from "./clients/list.ts";
import { removeClientOperation } from "./clients/remove.ts";
import { rotateClientSecretOperation } from "./clients/rotate_secret.ts";
import { showClientOperation } from "./clients/show.ts";
import { updateClientOperation } from "./clients/update.ts";
import { addResourceOperation } from "./resources/add.ts";
import { listResourcesOperation } from "./resources/list.ts";
import { removeResourceOperation } from "./resources/remove.ts";
import { showResourceOperation } from "./resources/show.ts";
import { updateResourceOperation } from "./resources/update.ts";
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
  addClientOperation,
  listClientsOperation,
  showClientOperation,
  updateClientOperation,
  rotateClientSecretOperation,
  disableClientOperation,
  enableClientOperation,
  removeClientOperation,
  addResourceOperation,
  listResourcesOperation,
  showResourceOperation,
  updateResourceOperation,
  removeResourceOperation,
  reportLeak,
  gitlabReport,
  githubAlert,
];
