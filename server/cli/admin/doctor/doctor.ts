import { trustAuthorities } from "../../../../shared/certificate_authorities.ts";
import { EXIT } from "../../../../shared/exit_codes.ts";
import type { Area } from "../../../../shared/finding.ts";
import { formatArea, summarizeFindings } from "../../../../shared/format_findings.ts";
import { formatJson } from "../../../../shared/sanitize.ts";
import { createStyle, hasStyle } from "../../../../shared/terminal_style.ts";
import { versionJson } from "../../../../shared/version.ts";
import { runOperation } from "../../../admin/run_operation.ts";
import { authoritySources } from "../../../config/authority_sources.ts";
import { defaultIssuer } from "../../../config/default_issuer.ts";
import { loadAdminConfig } from "../../../config/load.ts";
import { pendingMigrationsFinding } from "../../../admin/doctor/database.ts";
import { publicAddressFindings } from "../../../admin/doctor/public_address.ts";
import { settingFindings } from "../../../admin/doctor/settings.ts";
import type { ServerConfig } from "../../../config/server_config.ts";
import type { ServerIo } from "../../../io.ts";
import { tryStorage } from "../../../open_store.ts";
import { machineNetwork } from "../../../outbound/network.ts";
import { OutboundHttp } from "../../../outbound/outbound_http.ts";
import { FolderLocked } from "../../../store/embedded/folder_lock.ts";
import { describeFailure } from "../../failure.ts";
import type { DatabaseOptions } from "../../options.ts";

export type AdminDoctorOptions = DatabaseOptions & { json?: boolean; strict?: boolean };

/** `admin doctor`: what is wrong, or soon will be, and what to do. */
export async function adminDoctor(
  { json = false, strict = false, ...options }: AdminDoctorOptions,
  io: ServerIo,
): Promise<number> {
  const output = {
    style: createStyle(hasStyle(io.stdoutIsTerminal, io.env)),
    columns: io.stdoutIsTerminal ? io.stdoutColumns() : undefined,
  };
  const areas: Area[] = [];
  for await (const area of examine(options, io)) {
    areas.push(area);
    if (!json) io.stdout(formatArea(area, output));
  }
  const findings = areas.flatMap((area) => area.findings);
  const isOk = findings.every(({ status }) => status === "ok" || (status === "warning" && !strict));
  if (json) {
    io.stdout(formatJson({
      ...versionJson(),
      ok: isOk,
      findings: findings.map((finding) => ({ ...finding, advice: finding.advice ?? null })),
    }));
  } else {
    io.stdout(`${summarizeFindings(findings)}\n`);
  }
  return isOk ? EXIT.ok : EXIT.failure;
}

async function* examine(options: DatabaseOptions, io: ServerIo): AsyncGenerator<Area> {
  const loaded = await loadAdminConfig(options, io);
  const { config, problems } = loaded;
  yield { title: "Settings", findings: await settingFindings(loaded, io.clock) };
  // With a setting that is not valid, another server might be examined.
  if (problems.length > 0) return;
  try {
    trustAuthorities(authoritySources(config, io));
    const pending = await pendingMigrations(config, io);
    if (pending.length > 0) {
      // What else is checked needs them, and an examination applies none.
      yield { title: "Database", findings: [pendingMigrationsFinding(pending)] };
    } else {
      const { areas } = await runOperation("examine", {}, config, io, () => {});
      yield* areas;
    }
    yield {
      title: "Public address",
      findings: await publicAddressFindings({
        issuer: config.issuer ?? defaultIssuer(config, config.listen),
        http: new OutboundHttp(machineNetwork(io.env)),
        now: io.clock.now(),
      }),
    };
  } catch (error) {
    const message = describeFailure(error).replace(/\.$/, "");
    yield { title: "Database", findings: [{ check: "database", status: "problem", message }] };
  }
}

/** The migrations that opening the database would apply; none if a running server holds it. */
async function pendingMigrations(config: ServerConfig, io: ServerIo): Promise<string[]> {
  try {
    return (await tryStorage(config, io)).pending;
  } catch (error) {
    if (error instanceof FolderLocked) return [];
    throw error;
  }
}
