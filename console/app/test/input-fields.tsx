import { faultAt, type Problem } from "../api/problem.ts";
import { Choice, SelectField, TextArea, TextField } from "../components/field.tsx";
import { useText } from "../i18n/use-text.ts";
import type { DeclaredInput } from "./draft.server.ts";
import { inputName } from "./input-types.ts";

interface InputFieldsProps {
  readonly inputs: readonly DeclaredInput[];
  /** What the fields begin with, by their names in the form. */
  readonly entered: Readonly<Record<string, string>>;
  readonly problem: Problem | undefined;
}

/** A field for each declared input. None is compulsory here: a test need not begin at the start. */
export function InputFields({ inputs, entered, problem }: InputFieldsProps) {
  const text = useText();
  if (inputs.length === 0) return <p className="text-sm text-ink-soft">{text.test.noInputs}</p>;
  return inputs.map((input) => (
    <InputField key={input.name} input={input} entered={entered[inputName(input.name)]} error={faultAt(problem, `inputs.${input.name}`)} />
  ));
}

interface InputFieldProps {
  readonly input: DeclaredInput;
  readonly entered: string | undefined;
  readonly error: string | undefined;
}

const HTML_TYPES: Readonly<Record<string, string>> = { email: "email", url: "url", date: "date", phone: "tel" };

function InputField({ input, entered, error }: InputFieldProps) {
  const text = useText();
  const label = input.title ?? input.name;
  const common = { label, hint: input.description, error, name: inputName(input.name), defaultValue: entered };
  if (input.type === "file") return <p className="text-sm text-ink-soft">{text.test.file(label)}</p>;
  if (input.enum) {
    return (
      <SelectField {...common} defaultValue={entered ?? ""}>
        <option value="">{text.test.choose}</option>
        {input.enum.map((each) => (
          <option key={String(each)} value={String(each)}>
            {String(each)}
          </option>
        ))}
      </SelectField>
    );
  }
  switch (input.type) {
    case "boolean":
      return (
        <Choice
          type="checkbox"
          name={common.name}
          label={label}
          defaultChecked={entered === "on"}
          {...(input.description ? { about: input.description } : {})}
        />
      );
    case "number":
    case "integer":
      return (
        <TextField
          {...common}
          type="number"
          step={input.type === "integer" ? 1 : "any"}
          inputMode={input.type === "integer" ? "numeric" : "decimal"}
          min={input.min}
          max={input.max}
        />
      );
    case "json":
      return <TextArea {...common} label={`${label} (${text.test.json})`} rows={3} code />;
    case "string":
      return input.format ? (
        <TextField {...common} type={HTML_TYPES[input.format] ?? "text"} />
      ) : (
        <TextArea {...common} rows={rowsFor(input)} />
      );
  }
}

/** Texts that must be short get one line. */
function rowsFor({ max_length: most = 1_000 }: DeclaredInput): number {
  return most > 200 ? 3 : 1;
}

/** What the fields begin with when they are to hold these values: those of an earlier run, or the declared defaults. */
export function enteredFrom(inputs: readonly DeclaredInput[], values: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(
    inputs.flatMap(({ name, type, default: preset }) => {
      const value = Object.hasOwn(values, name) ? values[name] : preset;
      if (value === undefined || value === null) return [];
      if (typeof value === "boolean" && type === "boolean") return value ? [[inputName(name), "on"]] : [];
      return [[inputName(name), type === "json" ? JSON.stringify(value, null, 2) : String(value)]];
    }),
  );
}
