import { type Command, Option } from "commander";
import { brand } from "../../../shared/brand.ts";
import { examples } from "../../../shared/command_examples.ts";
import type { Run } from "../../../shared/command_line.ts";
import type { ServerIo } from "../../io.ts";
import { collectChoices } from "../collect_choices.ts";
import { database } from "../options.ts";

const bin = brand.binaryName;
const PROVIDER = "name of the identity provider";

export function declareSignals(admin: Command, server: Run<ServerIo>): void {
  const signals = admin.command("signals")
    .description("let identity providers report logouts and disabled accounts");
  const code = () => import("./signals.ts");
  database(signals.command("show"))
    .description("show the addresses for the provider, and what its reports do")
    .argument("<provider>", PROVIDER)
    .option("--json", "print JSON")
    .addHelpText("after", examples([`${bin} admin signals show okta`, "what to enter at Okta"]))
    .action((provider, options) =>
      server(async (io) => (await code()).adminSignalsShow(provider, options, io))
    );
  database(signals.command("update"))
    .description("change what the reports of a provider do")
    .argument("<provider>", PROVIDER)
    .option("--logout-logins", "a logout also revokes the logins approved in those browsers")
    .option("--no-logout-logins", "a logout only signs out browsers (default)")
    .option("--disable-users", "a disabled account disables its user (default)")
    .option("--no-disable-users", "a disabled account only signs its user out")
    .option("--events-issuer <url>", "issuer of its events, if it is not that of its ID tokens")
    .option("--events-audience <text>", "audience of its events")
    .addOption(
      new Option("--clear <setting>", "use the default again: events-issuer or events-audience")
        .argParser(collectChoices(["events-issuer", "events-audience"])),
    )
    .addHelpText(
      "after",
      examples([
        `${bin} admin signals update okta --logout-logins`,
        "a logout at Okta also revokes logins",
      ]),
    )
    .action((provider, options) =>
      server(async (io) => (await code()).adminSignalsUpdate(provider, options, io))
    );
  database(signals.command("token"))
    .description("print a new bearer token for the events of a provider, once")
    .argument("<provider>", PROVIDER)
    .option("--revoke", "accept no more events of the provider")
    .addHelpText(
      "after",
      examples(
        [`${bin} admin signals token okta`, "replaces the token; the one before is rejected"],
        [`${bin} admin signals token okta --revoke`, "no events any more"],
      ),
    )
    .action((provider, options) =>
      server(async (io) => (await code()).adminSignalsToken(provider, options, io))
    );
}
