import { type ReactNode, useEffect, useId, useState } from "react";
import { faultAt, type Problem } from "../api/problem.ts";
import { FOLLOWED, MISSED, type TriggerType, WEBHOOK_MODES } from "../api/words.ts";
import { Choice, SelectField, TextArea, TextField } from "../components/field.tsx";
import { useText } from "../i18n/use-text.ts";
import type { TriggerEntries } from "./read-trigger-form.ts";

/** What the fields offer to choose from. */
export interface TriggerOffers {
  /** IANA names. */
  readonly zones: readonly string[];
  /** The other apps of the workspace. */
  readonly apps: readonly { readonly slug: string; readonly name: string }[];
}

interface TriggerFieldsProps {
  readonly type: TriggerType;
  readonly offers: TriggerOffers;
  /** What the fields begin with; of a new trigger, nothing. */
  readonly entered: TriggerEntries | undefined;
  readonly problem: Problem | undefined;
}

/** Where in a trigger the fields go. */
export const TRIGGER_PATHS = ["name", "config.inputs", "config.cron", "config.timezone", "config.app", "config.on"];

/** The fields of a trigger's form. What the API found wrong stands at its field. */
export function TriggerFields(props: TriggerFieldsProps) {
  const text = useText();
  const { type, entered, problem } = props;
  return (
    <>
      {type === "schedule" ? <ScheduleFields {...props} /> : null}
      {type === "webhook" ? <ModeField mode={entered?.mode} /> : null}
      {type === "app" ? <FollowFields {...props} /> : null}
      <TextArea
        label={text.triggers.inputs}
        hint={text.triggers.inputsHint[type]}
        error={faultAt(problem, "config.inputs")}
        name="inputs"
        rows={4}
        code
        defaultValue={entered?.inputs}
      />
      <TextField
        label={text.triggers.name}
        hint={text.triggers.nameHint}
        error={faultAt(problem, "name")}
        name="name"
        maxLength={100}
        defaultValue={entered?.name}
      />
      <Choice
        type="checkbox"
        name="enabled"
        defaultChecked={entered?.enabled ?? true}
        label={text.triggers.enabled}
        about={text.triggers.enabledHint}
      />
    </>
  );
}

const CRONS = { hourly: "0 * * * *", daily: "0 9 * * *", weekdays: "0 9 * * 1-5", weekly: "0 9 * * 1", monthly: "0 9 1 * *" } as const;

function ScheduleFields({ offers, entered, problem }: TriggerFieldsProps) {
  const text = useText();
  const id = useId();
  return (
    <>
      <div className="grid gap-5 sm:grid-cols-2">
        <TextField
          label={text.triggers.cron}
          hint={text.triggers.cronHint}
          error={faultAt(problem, "config.cron")}
          name="cron"
          required
          list={`${id}-crons`}
          autoComplete="off"
          spellCheck={false}
          placeholder="0 9 * * 1-5"
          defaultValue={entered?.cron}
        />
        <datalist id={`${id}-crons`}>
          {(["hourly", "daily", "weekdays", "weekly", "monthly"] as const).map((name) => (
            <option key={name} value={CRONS[name]} label={text.triggers.crons[name]} />
          ))}
        </datalist>
        <ZoneField zones={offers.zones} zone={entered?.timezone} error={faultAt(problem, "config.timezone")} />
      </div>
      <Choices legend={text.triggers.missed}>
        {MISSED.map((policy) => (
          <Choice
            key={policy}
            type="radio"
            name="missed"
            value={policy}
            defaultChecked={policy === (entered?.missed ?? "skip")}
            label={text.triggers.missedChoices[policy].name}
            about={text.triggers.missedChoices[policy].about}
          />
        ))}
      </Choices>
    </>
  );
}

interface ZoneFieldProps {
  readonly zones: readonly string[];
  readonly zone: string | undefined;
  readonly error: string | undefined;
}

/** A time zone. A new schedule begins with the visitor's own as soon as the page runs in their browser, unless they were faster. */
function ZoneField({ zones, zone, error }: ZoneFieldProps) {
  const text = useText();
  const id = useId();
  const [chosen, setChosen] = useState(zone ?? "UTC");
  useEffect(() => {
    if (zone === undefined) setChosen((now) => (now === "UTC" ? Intl.DateTimeFormat().resolvedOptions().timeZone : now));
  }, [zone]);
  return (
    <>
      <TextField
        label={text.triggers.timezone}
        hint={text.triggers.timezoneHint}
        error={error}
        name="timezone"
        required
        list={`${id}-zones`}
        autoComplete="off"
        spellCheck={false}
        value={chosen}
        onChange={(event) => setChosen(event.currentTarget.value)}
      />
      <datalist id={`${id}-zones`}>
        {zones.map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
    </>
  );
}

function ModeField({ mode }: { readonly mode: TriggerEntries["mode"] }) {
  const text = useText();
  return (
    <Choices legend={text.triggers.mode}>
      {WEBHOOK_MODES.map((each) => (
        <Choice
          key={each}
          type="radio"
          name="mode"
          value={each}
          defaultChecked={each === (mode ?? "accept")}
          label={text.triggers.modes[each].name}
          about={text.triggers.modes[each].about}
        />
      ))}
    </Choices>
  );
}

function FollowFields({ offers, entered, problem }: TriggerFieldsProps) {
  const text = useText();
  const onFault = faultAt(problem, "config.on");
  return (
    <>
      <SelectField
        label={text.triggers.app}
        hint={offers.apps.length === 0 ? text.triggers.noApps : text.triggers.appHint}
        error={faultAt(problem, "config.app")}
        name="app"
        required
        defaultValue={entered?.app ?? ""}
      >
        <option value="">{text.test.choose}</option>
        {offers.apps.map(({ slug, name }) => (
          <option key={slug} value={slug}>
            {name}
          </option>
        ))}
      </SelectField>
      <Choices legend={text.triggers.onStatus} error={onFault}>
        {FOLLOWED.map((status) => (
          <Choice
            key={status}
            type="checkbox"
            name="on"
            value={status}
            defaultChecked={(entered?.on ?? ["completed"]).includes(status)}
            label={text.triggers.statuses[status]}
          />
        ))}
      </Choices>
    </>
  );
}

interface ChoicesProps {
  readonly legend: string;
  readonly error?: string | undefined;
  readonly children: ReactNode;
}

function Choices({ legend, error, children }: ChoicesProps) {
  return (
    <fieldset>
      <legend className="text-sm font-medium">{legend}</legend>
      <div className="mt-1.5 grid gap-2 sm:grid-cols-2">{children}</div>
      {error ? <p className="mt-1.5 text-sm text-danger">{error}</p> : null}
    </fieldset>
  );
}
