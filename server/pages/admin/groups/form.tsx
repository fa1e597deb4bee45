/** The fields of the forms that add and edit a group. */
import type { GroupView } from "../../../admin/group_view.ts";
import type { FormParameters } from "../../../http/form.ts";
import type { SubmittedForm } from "../../ui/form_page.tsx";
import { Field, fieldState } from "../../ui/form_field.tsx";
import { TextField } from "../../ui/text_field.tsx";

type Settings = Pick<GroupView, "description" | "from">;

/** What the fields of the form say. */
export function readSettings(form: FormParameters): Settings {
  const lines = (form("from") ?? "").split(/\r?\n/).map((line) => line.trim());
  const listed = lines.filter((line) => line !== "");
  return {
    description: form("description")?.trim() || null,
    // Groups that are written count, whatever is selected.
    from: form("directories") === "any" && listed.length === 0 ? null : listed,
  };
}

export function SettingFields(
  { settings, form, problems = [], isAdminGroup = false }: SubmittedForm & {
    settings: Settings;
    isAdminGroup?: boolean;
  },
) {
  const { description, from } = form === undefined ? settings : readSettings(form);
  return (
    <>
      {!isAdminGroup && (
        <TextField
          id="description"
          label="Description (optional)"
          hint="What the group is for."
          problems={problems}
          maxlength={250}
          autocomplete="off"
          value={description ?? ""}
        />
      )}
      {!isAdminGroup && (
        <Field
          id="directories"
          label="Groups of directories that count"
          problems={problems}
        >
          <select id="directories" name="directories">
            <option value="any" selected={from === null}>
              Groups with the same name
            </option>
            <option value="listed" selected={from !== null}>
              Only the groups below
            </option>
          </select>
        </Field>
      )}
      <Field
        id="from"
        label="Listed groups of directories"
        hint={
          <>
            One on each line, as <code>directory:group</code>, such as{" "}
            <code>okta:Release Managers</code>. Empty: none.
          </>
        }
        problems={problems}
      >
        <textarea
          id="from"
          name="from"
          rows={4}
          maxlength={10_000}
          autocapitalize="none"
          autocomplete="off"
          spellcheck={false}
          {...fieldState(problems, "from", { hint: true })}
        >
          {(from ?? []).join("\n")}
        </textarea>
      </Field>
    </>
  );
}
