import { Form } from "react-router";
import type { Workspace } from "../api/schemas.ts";
import { useText } from "../i18n/use-text.ts";
import { paths } from "../paths.ts";
import { Submit } from "./button.tsx";
import { Moment } from "./moment.tsx";

interface ClosedNoticeProps {
  readonly workspace: Workspace;
  readonly mayRestore: boolean;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** Above every page of a workspace that is to be deleted: until when, and the way back; nothing otherwise. */
export function ClosedNotice({ workspace, mayRestore, now }: ClosedNoticeProps) {
  const text = useText();
  const { id, delete_at } = workspace;
  if (delete_at === null) return null;
  const isGone = Date.parse(delete_at) <= now;
  return (
    <div
      role="status"
      className="mb-6 flex flex-wrap items-center gap-3 rounded-xl border border-danger/40 bg-danger-soft px-4 py-3 text-sm"
    >
      <p className="min-w-0 flex-1 basis-72">
        {isGone ? text.closed.gone : text.closed.closed} <Moment at={delete_at} />
      </p>
      {mayRestore && !isGone ? (
        <Form method="post" action={paths.settings(id)}>
          <Submit intent="restore" look="secondary">
            {text.closed.restore}
          </Submit>
        </Form>
      ) : null}
    </div>
  );
}
