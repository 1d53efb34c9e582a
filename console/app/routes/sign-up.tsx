import { data, Form, Link, useSearchParams } from "react-router";
import { z } from "zod";
import { authenticate, readSession, type SignInFailure } from "../api/auth.server.ts";
import { Submit } from "../components/button.tsx";
import { Entrance } from "../components/entrance.tsx";
import { TextField } from "../components/field.tsx";
import { Warning } from "../components/problem.tsx";
import { entry, readForm } from "../form.ts";
import { useText } from "../i18n/use-text.ts";
import { onward } from "../onward.ts";
import { visitContext } from "../visit.ts";
import type { Route } from "./+types/sign-up.ts";

const entries = z.object({ name: entry, email: entry, password: z.string().default("") });

export async function loader({ context }: Route.LoaderArgs) {
  const visit = context.get(visitContext);
  if (await readSession(visit)) throw onward(visit.url.searchParams.get("next"));
  return null;
}

export async function action({ request, context }: Route.ActionArgs) {
  const visit = context.get(visitContext);
  const { name, email, password } = entries.parse(await readForm(request));
  const failure: SignInFailure | null = name === "" ? "name" : await authenticate(visit, "sign-up", { name, email, password });
  if (failure === null) return onward(visit.url.searchParams.get("next"));
  return data({ failure, name, email }, { status: 400 });
}

export default function SignUp({ actionData }: Route.ComponentProps) {
  const text = useText();
  const [search] = useSearchParams();
  return (
    <Entrance title={text.auth.signUp} lead={text.auth.signUpLead}>
      <Form method="post" className="flex flex-col gap-4">
        {actionData ? <Warning>{text.auth.failures[actionData.failure]}</Warning> : null}
        <TextField label={text.auth.name} name="name" autoComplete="name" required maxLength={100} defaultValue={actionData?.name} />
        <TextField label={text.auth.email} name="email" type="email" autoComplete="username" required defaultValue={actionData?.email} />
        <TextField
          label={text.auth.password}
          hint={text.auth.passwordHint}
          name="password"
          type="password"
          autoComplete="new-password"
          minLength={8}
          maxLength={128}
          required
        />
        <Submit intent="sign-up" className="mt-2">
          {text.auth.submitSignUp}
        </Submit>
      </Form>
      <p className="mt-6 text-sm text-ink-soft">
        {text.auth.haveAccount}{" "}
        <Link to={{ pathname: "/sign-in", search: search.toString() }} className="font-medium text-accent underline underline-offset-4">
          {text.auth.signIn}
        </Link>
      </p>
    </Entrance>
  );
}
