import { Form } from "react-router";
import type { Profile } from "../api/billing-schemas.ts";
import { faultAt, type Problem } from "../api/problem.ts";
import { Submit } from "../components/button.tsx";
import { Card } from "../components/card.tsx";
import { TextArea, TextField } from "../components/field.tsx";
import { useText } from "../i18n/use-text.ts";

/** Names of the fields, which are the API's. */
export const PROFILE_FIELDS = ["customer_name", "address", "tax_id", "email", "time_zone", "anchor_day"] as const;

interface ProfileFormProps {
  readonly profile: Profile;
  readonly problem: Problem | undefined;
  readonly mayChange: boolean;
}

/** Whom invoices are made out to, and when periods begin. */
export function ProfileForm({ profile, problem, mayChange }: ProfileFormProps) {
  const text = useText();
  return (
    <Card title={text.billing.profile} lead={text.billing.profileLead}>
      <Form method="post" key={JSON.stringify(profile)}>
        <fieldset disabled={!mayChange} className="flex max-w-md flex-col gap-5">
          <TextField
            label={text.billing.customer}
            error={faultAt(problem, "customer_name")}
            name="customer_name"
            required
            maxLength={200}
            autoComplete="organization"
            defaultValue={profile.customer_name}
          />
          <TextArea
            label={text.billing.address}
            error={faultAt(problem, "address")}
            name="address"
            rows={3}
            maxLength={500}
            autoComplete="street-address"
            defaultValue={profile.address}
          />
          <TextField
            label={text.billing.taxId}
            error={faultAt(problem, "tax_id")}
            name="tax_id"
            maxLength={50}
            autoComplete="off"
            defaultValue={profile.tax_id}
          />
          <TextField
            label={text.billing.email}
            error={faultAt(problem, "email")}
            name="email"
            type="email"
            maxLength={254}
            autoComplete="email"
            defaultValue={profile.email}
          />
          <TextField
            label={text.billing.timeZone}
            hint={text.billing.timeZoneHint}
            error={faultAt(problem, "time_zone")}
            name="time_zone"
            required
            maxLength={64}
            autoComplete="off"
            spellCheck={false}
            defaultValue={profile.time_zone}
          />
          <TextField
            label={text.billing.anchorDay}
            hint={text.billing.anchorHint}
            error={faultAt(problem, "anchor_day")}
            name="anchor_day"
            type="number"
            required
            min={1}
            max={31}
            defaultValue={profile.anchor_day}
          />
          {mayChange ? (
            <div>
              <Submit intent="profile">{text.billing.save}</Submit>
            </div>
          ) : null}
        </fieldset>
      </Form>
    </Card>
  );
}
