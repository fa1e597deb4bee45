import assert from "node:assert/strict";
import { camelCase, flagName, variableName } from "../../../server/config/gather.ts";
import { parseSettings } from "../../../server/config/parse.ts";
import { settings } from "../../../server/config/schema.ts";
import { acceptsFile, fileSettingName } from "../../../server/config/setting.ts";
import { InvalidValue } from "../../../server/config/value_type.ts";
import { wholeCommandLine } from "../../../tasks/reference/whole_command_line.ts";

Deno.test("accepts the default of every setting", () => {
  for (const setting of settings) {
    if (setting.default === undefined) continue;
    const value = setting.type.parse(setting.default);
    assert.ok(!(value instanceof InvalidValue), setting.name);
  }
});

Deno.test("gives every setting its own place in the configuration", () => {
  const keys = settings.map(({ name, key = camelCase(name) }) => key);
  assert.equal(new Set(keys).size, settings.length);
  const { values } = parseSettings(
    new Map(settings.map(({ name, default: text = "" }) => [name, { text, source: "default" }])),
  );
  for (const key of keys.filter((key) => key.includes("."))) {
    const [section] = key.split(".");
    assert.ok(section in values, key);
  }
});

Deno.test("gives every setting a flag, and secrets only a variable in help", async () => {
  const serve = (await wholeCommandLine()).commands.find((command) => command.name() === "serve")!;
  let help = "";
  serve.configureOutput({ writeOut: (text) => help += text });
  serve.outputHelp();
  for (const setting of settings) {
    assert.equal(help.includes(`${flagName(setting)} <`), setting.secret !== true, setting.name);
    if (setting.secret) assert.ok(help.includes(variableName(setting)), setting.name);
    const file = `${flagName({ name: fileSettingName(setting) })} <file>`;
    assert.equal(help.includes(file), acceptsFile(setting), file);
  }
});
