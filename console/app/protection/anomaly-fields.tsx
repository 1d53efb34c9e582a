import type { AnomalyRule } from "../api/protection-schemas.ts";
import type { Anomaly } from "../api/words.ts";
import { Choice, SelectField, TextField } from "../components/field.tsx";
import { useText } from "../i18n/use-text.ts";
import { EFFECTS, NUMBERS } from "./read-form.ts";

/** One kind of unusual traffic: whether it is watched for, from when, and what is done. */
export function AnomalyFields({ anomaly, rule }: { readonly anomaly: Anomaly; readonly rule: AnomalyRule }) {
  const { protection: text } = useText();
  const { name, about } = text.anomalies[anomaly];
  return (
    <fieldset className="flex flex-col gap-3">
      <legend className="sr-only">{name}</legend>
      <Choice type="checkbox" name={`${anomaly}_on`} defaultChecked={rule !== null} label={name} about={about} />
      <div className="grid grid-cols-2 gap-3 sm:grid-cols-3">
        {NUMBERS[anomaly].map((number) => (
          <TextField
            key={number}
            label={text.numbers[number]}
            name={`${anomaly}_${number}`}
            type="number"
            min={1}
            step={1}
            inputMode="numeric"
            defaultValue={rule?.[number]}
          />
        ))}
        <SelectField label={text.action} name={`${anomaly}_action`} defaultValue={rule?.["action"]}>
          {EFFECTS[anomaly].map((effect) => (
            <option key={effect} value={effect}>
              {text.actions[effect]}
            </option>
          ))}
        </SelectField>
      </div>
    </fieldset>
  );
}
