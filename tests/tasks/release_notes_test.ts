import assert from "node:assert/strict";
import {
  changelogSection,
  withAbsoluteLinks,
  withoutLinks,
} from "../../tasks/release/release_notes.ts";

const CHANGELOG = `# Changes

## Unreleased

- New.

## [1.10.0] - 2026-02-03

### Added

- Ten.

## 1.1.0

- One.

## 1.0.0
`;

Deno.test("the notes of a release are its section of the changelog", () => {
  assert.equal(changelogSection(CHANGELOG, "1.10.0"), "### Added\n\n- Ten.\n");
  assert.equal(changelogSection(CHANGELOG, "1.1.0"), "- One.\n");
  assert.equal(changelogSection(CHANGELOG, "Unreleased"), "- New.\n");
  assert.equal(changelogSection(CHANGELOG.replaceAll("\n", "\r\n"), "1.1.0"), "- One.\n");
});

Deno.test("a release without notes fails", () => {
  for (const version of ["1.1", "2.0.0", "1.0.0"]) {
    assert.throws(() => changelogSection(CHANGELOG, version), /has no section for/, version);
  }
});

Deno.test("links of the notes work outside the repository", () => {
  assert.equal(
    withAbsoluteLinks("[a](docs/a.md#b), [c](https://c.example/), [d](#d)", "https://x.example/1"),
    "[a](https://x.example/1/docs/a.md#b), [c](https://c.example/), [d](#d)",
  );
});

Deno.test("the notes of another brand have no links to this repository", () => {
  assert.equal(
    withoutLinks("- See [the docs](docs/a.md), [c](https://c.example/)"),
    "- See the docs, [c](https://c.example/)",
  );
});
