import { HiddenFields } from "./hidden_fields.tsx";

/** A condition of a list, as a selection. */
export interface ListFilter {
  /** Also the name of the parameter. */
  id: string;
  label: string;
  value?: string;
  /** What it means if nothing is selected. */
  all: string;
  options: readonly (readonly [value: string, label: string])[];
}

/** Searches and filters a list. `kept` is the rest of the list's query. */
export function SearchForm(
  { action, label, maxLength, value, filters = [], kept }: {
    action: string;
    label: string;
    /** In UTF-16 units. */
    maxLength: number;
    value?: string;
    filters?: readonly ListFilter[];
    kept: Readonly<Record<string, string | undefined>>;
  },
) {
  const fields = Object.entries(kept)
    .filter((field): field is [string, string] => field[1] !== undefined);
  return (
    <form
      class={filters.length > 0 ? "search filtered" : "search"}
      method="get"
      action={action}
      role="search"
    >
      <div>
        <label for="search">{label}</label>
        <input
          id="search"
          name="search"
          type="search"
          maxlength={maxLength}
          autocapitalize="none"
          autocomplete="off"
          spellcheck={false}
          value={value ?? ""}
        />
      </div>
      {filters.map(({ id, label, value = "", all, options }) => (
        <div>
          <label for={id}>{label}</label>
          <select id={id} name={id}>
            <option value="">{all}</option>
            {options.map(([option, text]) => (
              <option value={option} selected={option === value}>{text}</option>
            ))}
          </select>
        </div>
      ))}
      <HiddenFields fields={Object.fromEntries(fields)} />
      <button type="submit">{filters.length > 0 ? "Apply" : "Search"}</button>
    </form>
  );
}
