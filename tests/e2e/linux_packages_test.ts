/** deb and rpm of the compiled program, installed by apt and rpm on a throwaway copy of the machine. */
import assert from "node:assert/strict";
import { brand } from "../../shared/brand.ts";
import { version } from "../../shared/version.ts";
import { describeProduct } from "../../tasks/packages/description.ts";
import { debPackage, rpmPackage } from "../../tasks/packages/linux/linux_packages.ts";
import { targetNamed } from "../../tasks/targets.ts";
import { binaryPath, run } from "../support/binary.ts";
import { linuxArchive } from "../support/release_archive.ts";
import { canHaveThrowawayRoot, throwawayRoot } from "../support/throwaway_root.ts";

const ignore = !await canHaveThrowawayRoot();
const { binaryName: name, folderName } = brand;
const unit = `${name}.service`;
const config = `/etc/${folderName}/config.toml`;
const secret = `/etc/${folderName}/secret_key`;
const data = `/var/lib/${folderName}`;
/** Of a package with a script as its program, which prints its version. */
const NEWER = "99.0.0";

/** What a package is written from. */
function release(version: string, program?: Uint8Array) {
  const target = targetNamed().name;
  return {
    product: describeProduct(brand, version),
    target,
    archive: linuxArchive(name, version, target, program),
    seconds: 1_700_000_000,
  };
}

const apt = (command: string) => `apt-get --yes --quiet --no-install-recommends ${command} 2>&1`;
const OWNERS = `stat --format '%A %U:%G %n' /etc/${folderName} ${config} ${data}`;
const EXPECTED_OWNERS = `drwxr-x--- root:${name} /etc/${folderName}
-rw-r----- root:${name} ${config}
drwx------ ${name}:${name} ${data}
`;

Deno.test("a deb is installed, upgraded, removed and purged", { ignore }, async (t) => {
  const deb = await debPackage(release(version, await Deno.readFile(binaryPath())));
  const newer = await debPackage(release(NEWER));
  await using root = await throwawayRoot([deb, newer]);
  const { sh } = root;

  await t.step("an installation starts nothing and says what to do next", async () => {
    const said = await sh(apt(`install /root/${deb.name}`));
    const [readme] = /\/usr\/share\/doc\/\S+/.exec(said) ?? assert.fail(said);
    assert.match(await sh(`cat ${readme}`), new RegExp(`systemctl enable --now ${name}\n`));
    assert.equal(await sh(`${name} --version`), (await run(["--version"])).stdout);
    assert.equal(await sh(OWNERS), EXPECTED_OWNERS);
    assert.deepEqual(await root.systemctl(), ["--system daemon-reload"]);
    assert.match(await sh(`getent passwd ${name}`), new RegExp(`:${data}:.*nologin\n$`));
    assert.equal(await sh(`dpkg --verify ${name}`), "");
    assert.match(await sh(`man -w 1 ${name}-serve`), /man1/);
    const verified = await root.run(`systemd-analyze verify /usr/lib/systemd/system/${unit}`);
    const about = verified.stderr.split("\n").filter((line) => line.includes(unit));
    assert.deepEqual([verified.code, about], [0, []]);
  });

  await t.step("the program needs no more than the package depends on", async () => {
    const needed = await sh(`objdump -p /usr/bin/${name}`);
    const versions = [...needed.matchAll(/ GLIBC_(2\.\d+)$/gm)].map(([, version]) => version);
    assert.ok(versions.length > 0, needed);
    const [, stated] = /libc6 \(>= ([\d.]+)\)/
      .exec(await sh(`dpkg-deb --field /root/${deb.name} Depends`)) ?? [];
    for (const version of versions) await sh(`dpkg --compare-versions ${stated} ge ${version}`);
    const libraries = [...needed.matchAll(/ NEEDED +(\S+)$/gm)].map(([, library]) => library);
    const known = /^(ld-linux-.*|lib(c|dl|gcc_s|m|pthread|rt))\.so\.\d$/;
    assert.deepEqual(libraries.filter((library) => !known.test(library)), []);
  });

  await t.step("an operator follows the instructions of the package", async () => {
    await sh(`sed -i s/auth.example.com/auth.corp.example/ ${config}`);
    await sh(`umask 077 && ${name} admin secret-key generate >${secret}`);
    assert.match(await sh(`stat --format %a ${secret}`), /^600$/m);
    const user = `setpriv --reuid=${name} --regid=${name} --init-groups`;
    assert.match(await sh(`${user} ${name} serve --check`), /auth\.corp\.example/);
    // As `systemctl enable` does.
    await sh(`ln -s /usr/lib/systemd/system/${unit} /etc/systemd/system/multi-user.target.wants/`);
    await sh(`touch ${data}/database`);
  });

  await t.step("an upgrade restarts only a running server, and keeps the settings", async () => {
    const before = await sh(`cat ${config} ${secret}`);
    await root.systemctl();
    const said = await sh(apt(`install /root/${newer.name}`));
    assert.doesNotMatch(said, /README/);
    assert.equal(await sh(name), `${name} ${NEWER}\n`);
    assert.equal(await sh(`cat ${config} ${secret}`), before);
    assert.equal(await sh(OWNERS), EXPECTED_OWNERS);
    const calls = await root.systemctl();
    assert.ok(calls.includes(`try-restart ${unit}`), calls.join("\n"));
    assert.ok(!calls.some((call) => /^(start|restart|enable)/.test(call)), calls.join("\n"));
  });

  await t.step("a removal stops the server and keeps settings and data", async () => {
    await sh(apt(`remove ${name}`));
    assert.ok((await root.systemctl()).includes(`stop ${unit}`));
    await sh(`test ! -e /usr/bin/${name} && test -s ${config} && test -s ${secret}`);
    await sh(`test -e ${data}/database`);
  });

  await t.step("a purge leaves nothing", async () => {
    await sh(apt(`purge ${name}`));
    const files = await root.changed(name);
    // A cache of man, which systemd-analyze called.
    const ignored = /\.deb$|^\/var\/cache\/man\//;
    assert.deepEqual(files.filter((path) => !ignored.test(path)), []);
    assert.equal((await root.run(`getent passwd ${name} || getent group ${name}`)).code, 2);
  });
});

Deno.test("an rpm is installed, upgraded and removed", { ignore }, async (t) => {
  const rpm = await rpmPackage(release(version));
  const newer = await rpmPackage(release(NEWER));
  await using root = await throwawayRoot([rpm, newer]);
  const { sh } = root;
  // The libraries of this machine are known to dpkg.
  const install = (file: string) => sh(`rpm --upgrade --nodeps /root/${file}`);

  await t.step("an installation starts nothing and says what to do next", async () => {
    assert.match(await install(rpm.name), new RegExp(`/usr/share/doc/${name}/README$`, "m"));
    assert.equal(await sh(name), `${name} ${version}\n`);
    assert.equal(await sh(OWNERS), EXPECTED_OWNERS);
    assert.equal(await sh(`rpm --verify --nodeps ${name}`), "");
    assert.deepEqual(await root.systemctl(), ["--system daemon-reload"]);
    await sh(`cat /usr/share/zsh/site-functions/_${name} /usr/share/man/man1/${name}.1.gz`);
  });

  await t.step("an upgrade restarts only a running server, and keeps the settings", async () => {
    await sh(`echo '# changed' >>${config}`);
    assert.equal(await install(newer.name), "");
    assert.equal(await sh(name), `${name} ${NEWER}\n`);
    assert.match(await sh(`cat ${config}`), /# changed/);
    const calls = await root.systemctl();
    assert.ok(calls.includes(`try-restart ${unit}`), calls.join("\n"));
    assert.ok(!calls.some((call) => /^(start|restart|enable)/.test(call)), calls.join("\n"));
  });

  await t.step("a removal disables the server and keeps changed settings", async () => {
    await root.run(`touch ${data}/database`);
    await root.run(`rpm --erase ${name}`);
    assert.ok((await root.systemctl()).includes(`--no-reload disable --now ${unit}`));
    await sh(`test ! -e /usr/bin/${name} && test -s ${config}.rpmsave && test -e ${data}/database`);
  });
});
