import { HiddenFields } from "./hidden_fields.tsx";

/** Searches a list. `kept` is the rest of the list's query. */
export function SearchForm(
  { action, label, maxLength, value, kept }: {
    action: string;
    label: string;
    /** In UTF-16 units. */
    maxLength: number;
    value?: string;
    kept: Readonly<Record<string, string | undefined>>;
  },
) {
  const fields = Object.entries(kept)
    .filter((field): field is [string, string] => field[1] !== undefined);
  return (
    <form class="search" method="get" action={action} role="search">
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
      <HiddenFields fields={Object.fromEntries(fields)} />
      <button type="submit">Search</button>
    </form>
  );
}
