import { Form } from "react-router";
import type { Domain } from "../api/domain-schemas.ts";
import type { App, Version } from "../api/schemas.ts";
import { Submit } from "../components/button.tsx";
import { Card } from "../components/card.tsx";
import { Confirm } from "../components/dialog.tsx";
import { SelectField } from "../components/field.tsx";
import { Moment } from "../components/moment.tsx";
import type { Catalogue } from "../i18n/en.ts";
import { useText } from "../i18n/use-text.ts";

interface ServedPartProps {
  readonly domain: Domain;
  readonly apps: readonly (Pick<App, "id" | "name"> & { readonly published: boolean })[];
  readonly versions: readonly Pick<Version, "id" | "number">[];
}

/** Which app and which version the domain serves, to be switched, and switched back. */
export function ServedPart({ domain, apps, versions }: ServedPartProps) {
  const text = useText();
  const { version_id, app_id, previous, status } = domain;
  // One that is not published has nothing to show to visitors.
  const others = apps.filter(({ id, published }) => published && id !== app_id);
  return (
    <Card title={text.domains.what} lead={text.domains.whatLead}>
      <div className="flex max-w-xl flex-col gap-5">
        <Form method="post" className="flex flex-wrap items-end gap-3 *:first:min-w-0 *:first:flex-1 *:first:basis-56">
          <SelectField label={text.domains.version} name="version_id" key={version_id} defaultValue={version_id ?? ""}>
            <option value="">{text.domains.published}</option>
            {version_id === null || versions.some(({ id }) => id === version_id) ? null : (
              <option value={version_id}>{text.domains.pinnedOther}</option>
            )}
            {versions.map(({ id, number }) => (
              <option key={id} value={id}>
                {text.domains.pinned(number)}
              </option>
            ))}
          </SelectField>
          <Submit intent="switch_version" look="secondary">
            {text.domains.switchVersion}
          </Submit>
        </Form>
        {others.length === 0 ? null : (
          <Form method="post" className="flex flex-wrap items-end gap-3 *:first:min-w-0 *:first:flex-1 *:first:basis-56">
            <SelectField label={text.domains.app} name="app_id" required defaultValue="">
              <option value="" disabled>
                {text.domains.otherApp}
              </option>
              {others.map(({ id, name }) => (
                <option key={id} value={id}>
                  {name}
                </option>
              ))}
            </SelectField>
            <Submit intent="switch_app" look="secondary">
              {text.domains.switchApp}
            </Submit>
          </Form>
        )}
        {previous === null ? null : (
          <div className="flex flex-wrap items-center justify-between gap-3 border-t border-line pt-4">
            <p className="text-sm text-ink-soft">
              {text.domains.previous}: {previousText(previous, apps, versions, text)} (<Moment at={previous.at} />)
            </p>
            <Confirm
              trigger={text.domains.rollback}
              title={text.domains.rollbackTitle}
              body={text.domains.rollbackBody}
              confirm={text.domains.rollback}
              intent="rollback"
            />
          </div>
        )}
        {status === "active" && previous === null ? <StopButton host={domain.unicode_hostname} /> : null}
        {status === "verified" ? (
          <Form method="post">
            <Submit intent="start">{text.domains.start}</Submit>
          </Form>
        ) : null}
      </div>
    </Card>
  );
}

function StopButton({ host }: { readonly host: string }) {
  const text = useText();
  return (
    <div className="border-t border-line pt-4">
      <Confirm
        trigger={text.domains.stop}
        title={text.domains.stopTitle(host)}
        body={text.domains.stopBody}
        confirm={text.domains.stop}
        intent="stop"
        danger
      />
    </div>
  );
}

function previousText(
  { app_id, version_id }: NonNullable<Domain["previous"]>,
  apps: ServedPartProps["apps"],
  versions: ServedPartProps["versions"],
  text: Catalogue,
): string {
  const name = apps.find(({ id }) => id === app_id)?.name ?? text.domains.app;
  if (version_id === null) return `${name}, ${text.domains.published}`;
  const number = versions.find(({ id }) => id === version_id)?.number;
  return `${name}, ${number === undefined ? text.domains.pinnedOther : text.domains.pinned(number)}`;
}
