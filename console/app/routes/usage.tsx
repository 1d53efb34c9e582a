import { readOne } from "../api/client.server.ts";
import { quotaSchema } from "../api/schemas.ts";
import { METERS } from "../api/words.ts";
import { Card } from "../components/card.tsx";
import { MeterBar } from "../components/meter-bar.tsx";
import { Moment } from "../components/moment.tsx";
import { Heading, Title } from "../components/page.tsx";
import { QuotaNotices } from "../components/quota-notices.tsx";
import { useText } from "../i18n/use-text.ts";
import { visitContext } from "../visit.ts";
import type { Route } from "./+types/usage.ts";
import { useWorkspace } from "./workspace.tsx";

export function loader({ params, context }: Route.LoaderArgs) {
  return readOne(context.get(visitContext), `/workspaces/${encodeURIComponent(params.workspaceId)}/quota`, quotaSchema);
}

export default function Usage({ loaderData: quota }: Route.ComponentProps) {
  const text = useText();
  const { workspace } = useWorkspace();
  return (
    <div className="flex max-w-3xl flex-col gap-6">
      <Title>{[text.usage.title, workspace.name]}</Title>
      <Heading title={text.usage.title} lead={text.usage.lead} />
      <QuotaNotices meters={quota.meters} />
      <Card>
        <dl className="grid grid-cols-[auto_1fr] gap-x-6 gap-y-1 text-sm">
          <dt className="text-ink-soft">{text.usage.plan}</dt>
          <dd className="font-medium">{quota.plan}</dd>
          <dt className="text-ink-soft">{text.usage.period}</dt>
          <dd>
            <Moment at={quota.period_start} day /> – <Moment at={quota.period_end} day />
          </dd>
        </dl>
        <ul className="mt-6 flex flex-col gap-6 border-t border-line pt-6">
          {METERS.map((meter) => {
            const reading = quota.meters[meter];
            return reading ? (
              <li key={meter}>
                <MeterBar meter={meter} {...reading} />
              </li>
            ) : null;
          })}
        </ul>
      </Card>
    </div>
  );
}
