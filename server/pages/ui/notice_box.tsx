import type { Notice } from "../http/notice.ts";
import { CsrfField, HiddenFields } from "./hidden_fields.tsx";

/** A notice at the top of a page. It has the focus, so that screen readers begin there. */
export function NoticeBox({ notice, csrfToken }: { notice: Notice; csrfToken?: string }) {
  const { code, text, problem, undo } = notice;
  return (
    <div
      class={problem ? "notice failed" : "notice"}
      role={problem ? "alert" : "status"}
      data-notice={code}
      tabindex={-1}
      autofocus
    >
      <p>
        <bdi>{text}</bdi>
      </p>
      {undo !== undefined && csrfToken !== undefined && (
        <form method="post" action={undo.action}>
          <CsrfField token={csrfToken} />
          <HiddenFields fields={undo.fields} />
          <button class="link" type="submit">{undo.label}</button>
        </form>
      )}
    </div>
  );
}
