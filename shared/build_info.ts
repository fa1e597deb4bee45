/** What the build knows about itself; `deno task compile` replaces this file with the commit it builds. */
export const buildInfo: { readonly commit: string } = { commit: "from source" };
