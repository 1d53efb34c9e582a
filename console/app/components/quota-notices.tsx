import type { MeterCount, Quota } from "../api/schemas.ts";
import { METERS, type Meter } from "../api/words.ts";
import type { Catalogue } from "../i18n/en.ts";
import { useText } from "../i18n/use-text.ts";

/** Percent of a limit from which a workspace is told; as the runtime events are. */
const NEARLY = 80;

function noticeText(meter: Meter, { used, limit, hard }: MeterCount, text: Catalogue): string | null {
  if (limit === null || limit === 0 || used * 100 < limit * NEARLY) return null;
  const name = text.usage.meters[meter];
  if (used < limit) return text.usage.nearlyUsed(name, Math.floor((used * 100) / limit));
  return hard ? text.usage.usedUp(name) : text.usage.beyond(name);
}

/** What is nearly or wholly used up, one line each; nothing while all is well. */
export function QuotaNotices({ meters }: Pick<Quota, "meters">) {
  const text = useText();
  const notices = METERS.flatMap((meter) => {
    const count = meters[meter];
    const notice = count && noticeText(meter, count, text);
    return notice ? [notice] : [];
  });
  if (notices.length === 0) return null;
  return (
    <ul role="status" className="flex flex-col gap-1 rounded-xl border border-line-strong bg-sunken px-4 py-3 text-sm">
      {notices.map((notice) => (
        <li key={notice}>{notice}</li>
      ))}
    </ul>
  );
}
