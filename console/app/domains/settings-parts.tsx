import { Form } from "react-router";
import type { Domain } from "../api/domain-schemas.ts";
import { Submit } from "../components/button.tsx";
import { Card } from "../components/card.tsx";
import { Confirm } from "../components/dialog.tsx";
import { useText } from "../i18n/use-text.ts";
import { MethodChoices } from "./add-form.tsx";

/** Whether the domain is the one that the app is known by, or leads to that. */
export function RolePart({ domain: { canonical, redirect_to } }: { readonly domain: Domain }) {
  const text = useText();
  const standing = canonical ? text.domains.isCanonical : redirect_to === null ? text.domains.serves : text.domains.redirects(redirect_to);
  return (
    <Card title={text.domains.roleTitle} lead={text.domains.roleLead}>
      <p className="text-sm font-medium break-all">{standing}</p>
      {canonical ? null : (
        <Form method="post" className="mt-4 flex flex-wrap gap-2">
          <Submit intent="canonical" look="secondary">
            {text.domains.makeCanonical}
          </Submit>
          <Submit intent={redirect_to === null ? "redirect" : "stop_redirect"} look="secondary">
            {redirect_to === null ? text.domains.redirect : text.domains.stopRedirect}
          </Submit>
        </Form>
      )}
    </Card>
  );
}

export function CertificatePart({ domain: { checks } }: { readonly domain: Domain }) {
  const text = useText();
  const { method } = checks.certificate;
  return (
    <Card title={text.domains.certificate} lead={text.domains.method}>
      <Form method="post" key={method} className="flex max-w-xl flex-col gap-4">
        <MethodChoices chosen={method} />
        <div className="flex flex-wrap gap-2">
          <Submit intent="method" look="secondary">
            {text.domains.changeMethod}
          </Submit>
          <Submit intent="renew" look="secondary">
            {text.domains.renew}
          </Submit>
        </div>
      </Form>
    </Card>
  );
}

export function RemovePart({ domain: { unicode_hostname } }: { readonly domain: Domain }) {
  const text = useText();
  return (
    <Card title={text.domains.remove} lead={text.domains.dangerLead}>
      <Confirm
        trigger={text.domains.remove}
        look="danger"
        title={text.domains.removeTitle(unicode_hostname)}
        body={text.domains.removeBody}
        confirm={text.domains.remove}
        intent="remove"
        danger
      />
    </Card>
  );
}
