import { strict as assert } from "node:assert";
import { browserCommands, openBrowser } from "../../../client/process/browser.ts";
import { memoryIo } from "../../support/fake_client_io.ts";

const URL_WITH_AMPERSAND = "https://auth.example.com/device?user_code=BCDF-GHJK&x=$(id)";

function on(os: string, env: Record<string, string>, release = "6.1.0") {
  return browserCommands(URL_WITH_AMPERSAND, {
    env,
    platform: { os, arch: "x86_64", release, homeFolder: "", programPath: "" },
  });
}

Deno.test("opens the address on each desktop as one argument", () => {
  assert.deepEqual(on("linux", { DISPLAY: ":0" }), [["xdg-open", URL_WITH_AMPERSAND]]);
  assert.deepEqual(on("linux", { WAYLAND_DISPLAY: "w" }), [["xdg-open", URL_WITH_AMPERSAND]]);
  assert.deepEqual(on("darwin", {}), [["open", URL_WITH_AMPERSAND]]);
  assert.deepEqual(on("windows", {}), [
    ["rundll32.exe", "url.dll,FileProtocolHandler", URL_WITH_AMPERSAND],
  ]);
});

Deno.test("opens no browser over SSH, in CI, or on Linux without a display", () => {
  for (const os of ["linux", "darwin", "windows"]) {
    for (const name of ["SSH_CONNECTION", "SSH_TTY", "SSH_CLIENT", "CI"]) {
      assert.deepEqual(on(os, { DISPLAY: ":0", BROWSER: "firefox", [name]: "1" }), [], name);
    }
  }
  assert.deepEqual(on("linux", {}), []);
  assert.equal(on("linux", { DISPLAY: ":0", CI: "false" }).length, 1);
});

Deno.test("opens the browser of Windows in the Windows Subsystem for Linux", () => {
  const release = "5.15.153.1-microsoft-standard-WSL2";
  const io = memoryIo({ programs: [] });
  io.platform = { ...io.platform, release };
  assert.equal(openBrowser(URL_WITH_AMPERSAND, io), false);
  io.programs = ["rundll32.exe"];
  assert.equal(openBrowser(URL_WITH_AMPERSAND, io), true);
  assert.equal(io.launched[0][0], "rundll32.exe");
  io.programs = ["wslview", "rundll32.exe"];
  openBrowser(URL_WITH_AMPERSAND, io);
  assert.equal(io.launched[1][0], "wslview");
});

Deno.test("honors BROWSER with a list, arguments, %s or none, without a shell", () => {
  assert.deepEqual(on("linux", { BROWSER: "firefox --new-tab:lynx %s -x" }), [
    ["firefox", "--new-tab", URL_WITH_AMPERSAND],
    ["lynx", URL_WITH_AMPERSAND, "-x"],
  ]);
  assert.deepEqual(on("windows", { BROWSER: "C:\\firefox.exe" }), [
    ["C:\\firefox.exe", URL_WITH_AMPERSAND],
  ]);
  assert.deepEqual(on("linux", { DISPLAY: ":0", BROWSER: "none" }), []);
});

Deno.test("opens only http and https addresses", () => {
  for (
    const url of ["file:///etc/passwd", "javascript:alert(1)", "--help", "vscode://x", "https://"]
  ) {
    const io = memoryIo({ env: { DISPLAY: ":0" } });
    assert.equal(openBrowser(url, io), false, url);
    assert.deepEqual(io.launched, []);
  }
});

Deno.test("passes no address that starts with a dash or contains a space", () => {
  const [[, argument]] = browserCommands("https://a.example/ --flag\n", {
    env: { DISPLAY: ":0" },
    platform: { os: "linux", arch: "", release: "", homeFolder: "", programPath: "" },
  });
  assert.equal(argument, "https://a.example/%20--flag");
});
