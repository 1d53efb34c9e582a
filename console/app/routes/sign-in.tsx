import { data, Form, Link, useSearchParams } from "react-router";
import { z } from "zod";
import { authenticate, readSession } from "../api/auth.server.ts";
import { Submit } from "../components/button.tsx";
import { Entrance } from "../components/entrance.tsx";
import { TextField } from "../components/field.tsx";
import { Warning } from "../components/problem.tsx";
import { entry, readForm } from "../form.ts";
import { useText } from "../i18n/use-text.ts";
import { onward } from "../onward.ts";
import { visitContext } from "../visit.ts";
import type { Route } from "./+types/sign-in.ts";

const entries = z.object({ email: entry, password: z.string().default("") });

export async function loader({ context }: Route.LoaderArgs) {
  const visit = context.get(visitContext);
  if (await readSession(visit)) throw onward(visit.url.searchParams.get("next"));
  return null;
}

export async function action({ request, context }: Route.ActionArgs) {
  const visit = context.get(visitContext);
  const { email, password } = entries.parse(await readForm(request));
  const failure = await authenticate(visit, "sign-in", { email, password });
  if (failure === null) return onward(visit.url.searchParams.get("next"));
  return data({ failure, email }, { status: 400 });
}

export default function SignIn({ actionData }: Route.ComponentProps) {
  const text = useText();
  const [search] = useSearchParams();
  return (
    <Entrance title={text.auth.signIn} lead={text.auth.signInLead}>
      <Form method="post" className="flex flex-col gap-4">
        {actionData ? <Warning>{text.auth.failures[actionData.failure]}</Warning> : null}
        <TextField label={text.auth.email} name="email" type="email" autoComplete="username" required defaultValue={actionData?.email} />
        <TextField label={text.auth.password} name="password" type="password" autoComplete="current-password" required />
        <Submit intent="sign-in" className="mt-2">
          {text.auth.submitSignIn}
        </Submit>
      </Form>
      <p className="mt-6 text-sm text-ink-soft">
        {text.auth.noAccount}{" "}
        <Link to={{ pathname: "/sign-up", search: search.toString() }} className="font-medium text-accent underline underline-offset-4">
          {text.auth.signUp}
        </Link>
      </p>
    </Entrance>
  );
}
