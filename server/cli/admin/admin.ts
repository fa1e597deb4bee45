/** `admin`: users, groups, clients, resources, service accounts, trust rules, owners, signing keys and secret keys. */
import type { Command } from "commander";
import type { Run } from "../../../shared/command_line.ts";
import type { ServerIo } from "../../io.ts";
import { declareAccess } from "./declare_access.ts";
import { declareApply } from "./declare_apply.ts";
import { declareBackup } from "./declare_backup.ts";
import { declareAudit } from "./declare_audit.ts";
import { declareClient } from "./declare_client.ts";
import { declareDoctor } from "./declare_doctor.ts";
import { declareGroup } from "./declare_group.ts";
import { declareIdp } from "./declare_idp.ts";
import { declareImport, declareTokenFormat } from "./declare_import.ts";
import { declareKeys } from "./declare_keys.ts";
import { declareOwner } from "./declare_owner.ts";
import { declareResource } from "./declare_resource.ts";
import { declareScim } from "./declare_scim.ts";
import { declareSecretKey } from "./declare_secret_key.ts";
import { declareServiceAccount } from "./declare_service_account.ts";
import { declareSignals } from "./declare_signals.ts";
import { declareTrust } from "./declare_trust.ts";
import { declareUser } from "./declare_user.ts";

export function declare(admin: Command, server: Run<ServerIo>): void {
  declareDoctor(admin, server);
  declareUser(admin, server);
  declareGroup(admin, server);
  declareAccess(admin, server);
  declareScim(admin, server);
  declareIdp(admin, server);
  declareClient(admin, server);
  declareResource(admin, server);
  declareServiceAccount(admin, server);
  declareTrust(admin, server);
  declareOwner(admin, server);
  declareSignals(admin, server);
  declareImport(admin, server);
  declareTokenFormat(admin, server);
  declareKeys(admin, server);
  declareSecretKey(admin, server);
  declareAudit(admin, server);
  declareApply(admin, server);
  declareBackup(admin, server);
}
