import { Card } from "../components/card.tsx";
import { Code, OneTime } from "../components/code.tsx";
import { useText } from "../i18n/use-text.ts";

/** The secret of a webhook, shown once, and how to use it. */
export function WebhookSecret({ url, secret }: { readonly url: string; readonly secret: string }) {
  const text = useText();
  return (
    <>
      <OneTime title={text.triggers.secretTitle} lead={text.triggers.secretLead} label={text.triggers.secret} value={secret} />
      <Card title={text.triggers.example} lead={text.triggers.exampleLead}>
        <Code label={text.triggers.example} value={signingExample(url, secret)} />
      </Card>
    </>
  );
}

/** A signed call by the means of a POSIX shell (Standard Webhooks 1.0.0: `v1,` and the HMAC-SHA256 of `id.timestamp.body`). */
function signingExample(url: string, secret: string): string {
  return `url='${url}'
secret='${secret}'
body='{"message":"Hello"}'
id="msg_$(date +%s)$$"
time="$(date +%s)"
key="$(printf %s "\${secret#whsec_}" | base64 -d | od -An -vtx1 | tr -d ' \\n')"
signature="$(printf %s "$id.$time.$body" | openssl dgst -sha256 -mac HMAC -macopt "hexkey:$key" -binary | base64)"
curl "$url" -H 'Content-Type: application/json' -d "$body" \\
  -H "webhook-id: $id" -H "webhook-timestamp: $time" -H "webhook-signature: v1,$signature"`;
}
