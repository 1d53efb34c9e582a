import { Form, Link } from "react-router";
import type { Plan, PlanState, Preview } from "../api/billing-schemas.ts";
import { METERS, type Meter } from "../api/words.ts";
import { Badge } from "../components/badge.tsx";
import { ButtonLink, Submit } from "../components/button.tsx";
import { Card } from "../components/card.tsx";
import { Moment } from "../components/moment.tsx";
import { useLocale, useText } from "../i18n/use-text.ts";
import { decimalOf, decimalOfMicros, formatMoney, formatPrice, formatQuantity } from "./format.ts";

interface PlansProps {
  readonly plans: readonly Plan[];
  readonly state: PlanState;
  readonly mayChange: boolean;
}

/** The plans on offer, with the one in force, and the way to another. */
export function Plans({ plans, state, mayChange }: PlansProps) {
  const text = useText();
  const locale = useLocale();
  return (
    <ul className="grid gap-4 sm:grid-cols-2 lg:grid-cols-4">
      {plans.map((plan) => (
        <li key={plan.code} className="flex flex-col gap-3 rounded-2xl border border-line bg-surface p-4">
          <div className="flex flex-wrap items-center justify-between gap-2">
            <h3 className="font-semibold">{plan.name}</h3>
            {plan.code === state.plan ? <Badge tone="ok">{text.billing.current}</Badge> : null}
          </div>
          <p className="text-sm tabular-nums">
            {text.billing.monthly(formatMoney(decimalOf(plan.price_minor, plan.currency), plan.currency, locale))}
          </p>
          <ul className="flex-1 text-sm text-ink-soft">
            {METERS.map((meter) => (
              <li key={meter}>
                <Included plan={plan} meter={meter} />
              </li>
            ))}
          </ul>
          {mayChange && plan.code !== state.plan && plan.code !== state.next_plan ? (
            <ButtonLink to={{ search: `?plan=${encodeURIComponent(plan.code)}` }} preventScrollReset>
              {text.billing.choose(plan.name)}
            </ButtonLink>
          ) : null}
        </li>
      ))}
    </ul>
  );
}

/** What a plan includes of a meter, and what is above it. */
function Included({ plan, meter }: { readonly plan: Plan; readonly meter: Meter }) {
  const text = useText();
  const locale = useLocale();
  const limit = plan.limits[meter] ?? null;
  const price = plan.overage_micros[meter];
  const shown = limit === null ? text.billing.noLimit : formatQuantity(meter, limit, locale);
  const promised = () => {
    if (limit === null || price === undefined) return shown;
    if (price === 0) return text.billing.thenFree(shown);
    return text.billing.thenPrice(shown, formatPrice(decimalOfMicros(price), plan.currency, locale));
  };
  return <>{text.billing.includes(promised(), text.usage.meters[meter])}</>;
}

/** The plan that was chosen for the next period, and the way back. */
export function NextPlan({ plans, state, mayChange }: PlansProps) {
  const text = useText();
  const locale = useLocale();
  if (state.next_plan === null) return null;
  const name = plans.find(({ code }) => code === state.next_plan)?.name ?? state.next_plan;
  const date = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeZone: "UTC" }).format(new Date(state.period_end));
  return (
    <Form method="post" className="flex flex-wrap items-center gap-3 rounded-xl bg-accent-soft px-4 py-3 text-sm">
      <span className="font-medium">{text.billing.next(name, date)}</span>
      <input type="hidden" name="plan" value={state.plan} />
      {mayChange ? (
        <Submit intent="plan" row={state.plan} look="secondary">
          {text.billing.keep}
        </Submit>
      ) : null}
    </Form>
  );
}

interface PlanChangeProps {
  readonly plan: Plan;
  readonly preview: Preview;
  readonly back: string;
}

/** What a change of plan would cost, and the button that makes it. */
export function PlanChange({ plan, preview, back }: PlanChangeProps) {
  const text = useText();
  const locale = useLocale();
  const money = (amount: string) => formatMoney(amount, preview.currency, locale);
  const date = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeZone: "UTC" }).format(new Date(preview.effective_at));
  const later = preview.when === "period_end";
  return (
    <Card title={text.billing.changeTitle(plan.name)}>
      <p className="text-sm">
        {later ? text.billing.changeLater(date) : preview.lines.length === 0 ? text.billing.changeFree : text.billing.changeNow}
      </p>
      {later || preview.lines.length === 0 ? null : (
        <dl className="mt-4 grid max-w-xl grid-cols-[1fr_auto] gap-x-6 gap-y-1 text-sm">
          {preview.lines.map(({ kind, plan_name, amount_minor }) => (
            <div key={kind} className="contents">
              <dt className="text-ink-soft">{text.invoice.kinds[kind](plan_name ?? "", "")}</dt>
              <dd className="text-end tabular-nums">{money(decimalOf(amount_minor, preview.currency))}</dd>
            </div>
          ))}
          <dt className="border-t border-line pt-1 font-medium">{text.billing.total}</dt>
          <dd className="border-t border-line pt-1 text-end font-medium tabular-nums">{money(preview.total)}</dd>
        </dl>
      )}
      <Form method="post" className="mt-5 flex flex-wrap items-center gap-3">
        <input type="hidden" name="plan" value={plan.code} />
        <Submit intent="plan">{text.billing.confirm}</Submit>
        <Link to={back} preventScrollReset className="text-sm font-medium text-ink-soft hover:text-ink">
          {text.actions.cancel}
        </Link>
      </Form>
    </Card>
  );
}

/** The current period's days. */
export function PeriodDays({ state }: { readonly state: PlanState }) {
  return (
    <>
      <Moment at={state.period_start} day /> – <Moment at={state.period_end} day />
    </>
  );
}
