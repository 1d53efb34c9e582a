import type { UiField } from "#app";
import type { InputDeclaration } from "#execution";
import type { Texts } from "./texts.ts";

export interface FieldProps {
  readonly block: UiField;
  readonly declaration: InputDeclaration | undefined;
  readonly value: string | undefined;
  readonly fault: string | undefined;
  readonly texts: Texts;
}

/** What every control has, so that labels, help and faults are tied to it. */
interface Control {
  readonly id: string;
  readonly name: string;
  readonly required: boolean;
  readonly "aria-invalid": "true" | undefined;
  readonly "aria-describedby": string;
}

export function controlId(inputKey: string): string {
  return `input-${inputKey}`;
}

export function faultId(inputKey: string): string {
  return `fault-${inputKey}`;
}

function isRequired({ block, declaration }: FieldProps): boolean {
  const { validation } = block;
  // For a checkbox "required" means ticked in HTML, while a declared input is given either way.
  if (block.type === "checkbox") return validation?.required ?? false;
  const declared = declaration?.required === true && declaration.default === undefined;
  return validation?.required ?? declared;
}

function initialValue({ block, declaration, value }: FieldProps): string | undefined {
  if (value !== undefined) return value;
  const own = block.type === "file" ? undefined : block.props?.default_value;
  const initial = own ?? declaration?.default;
  return initial === undefined || initial === null || typeof initial === "object" ? undefined : String(initial);
}

const TYPE_OF_FORMAT: Readonly<Record<string, string>> = { email: "email", url: "url", phone: "tel" };
const AUTOCOMPLETE: Readonly<Record<string, string>> = { email: "email", tel: "tel", url: "url", password: "off" };

function lengths({ block, declaration }: FieldProps) {
  return {
    minlength: block.validation?.min ?? declaration?.min_length,
    maxlength: block.validation?.max ?? declaration?.max_length,
  };
}

function placeholderOf(block: UiField): string | undefined {
  return block.props !== undefined && "placeholder" in block.props ? block.props.placeholder : undefined;
}

function Input({ control, field }: { control: Control; field: FieldProps }) {
  const { block, declaration } = field;
  const chosen = block.type === "input" ? block.props?.input_type : undefined;
  const type = chosen ?? TYPE_OF_FORMAT[declaration?.format ?? ""] ?? "text";
  return (
    <input
      {...control}
      {...lengths(field)}
      type={type}
      autocomplete={AUTOCOMPLETE[type]}
      pattern={block.validation?.pattern}
      placeholder={placeholderOf(block)}
      value={initialValue(field)}
    />
  );
}

function TextArea({ control, field }: { control: Control; field: FieldProps }) {
  const { block } = field;
  return (
    <textarea
      {...control}
      {...lengths(field)}
      rows={(block.type === "textarea" ? block.props?.rows : undefined) ?? 4}
      placeholder={placeholderOf(block)}
    >
      {initialValue(field) ?? ""}
    </textarea>
  );
}

function Select({ control, field }: { control: Control; field: FieldProps }) {
  const { block, declaration, texts } = field;
  const given = block.type === "select" ? block.props?.options : undefined;
  const options = given ?? (declaration?.enum ?? []).map((value) => ({ value: String(value), label: undefined }));
  const selected = initialValue(field);
  return (
    <select {...control}>
      {selected === undefined || !control.required ? <option value="">{texts.choose}</option> : null}
      {options.map(({ value, label }) => (
        <option key={value} value={value} selected={value === selected}>
          {label ?? value}
        </option>
      ))}
    </select>
  );
}

function NumberInput({ control, field }: { control: Control; field: FieldProps }) {
  const { block, declaration } = field;
  const step = block.type === "number" ? block.props?.step : undefined;
  return (
    <input
      {...control}
      type="number"
      inputmode={declaration?.type === "integer" ? "numeric" : "decimal"}
      min={block.validation?.min ?? declaration?.min}
      max={block.validation?.max ?? declaration?.max}
      step={step ?? (declaration?.type === "integer" ? 1 : "any")}
      placeholder={placeholderOf(block)}
      value={initialValue(field)}
    />
  );
}

function DateInput({ control, field }: { control: Control; field: FieldProps }) {
  const type = field.declaration?.format === "date-time" ? "datetime-local" : "date";
  return <input {...control} type={type} value={initialValue(field)} />;
}

function ControlOf({ control, field }: { control: Control; field: FieldProps }) {
  switch (field.block.type) {
    case "input":
      return <Input control={control} field={field} />;
    case "textarea":
      return <TextArea control={control} field={field} />;
    case "select":
      return <Select control={control} field={field} />;
    case "number":
      return <NumberInput control={control} field={field} />;
    case "date":
      return <DateInput control={control} field={field} />;
    case "checkbox":
      return <input {...control} type="checkbox" value="true" checked={initialValue(field) === "true"} />;
    case "file":
      return <input {...control} type="file" accept={acceptedTypes(field)?.join(",")} />;
  }
}

/** The kinds of files that a field takes: what the app checks goes before what its page asks for. */
function acceptedTypes({ block, declaration }: FieldProps): readonly string[] | undefined {
  return declaration?.accept ?? (block.type === "file" ? block.props?.accept : undefined);
}

function helpOf(field: FieldProps): string {
  const { block, declaration, texts } = field;
  const types = block.type === "file" ? acceptedTypes(field)?.join(", ") : undefined;
  return block.props?.help ?? declaration?.description ?? (types === undefined ? "" : texts.fileTypes.replace("{types}", types));
}

/** One input of the form, with its label, help and fault. */
export function Field(field: FieldProps) {
  const { block, declaration, fault, texts } = field;
  const required = isRequired(field);
  const key = block.input_key;
  const control: Control = {
    id: controlId(key),
    name: key,
    required,
    "aria-invalid": fault === undefined ? undefined : "true",
    "aria-describedby": `help-${key} ${faultId(key)}`,
  };
  const label = (
    <label for={control.id}>
      {block.label ?? declaration?.title ?? key}
      {required || block.type === "checkbox" ? null : <span class="optional"> ({texts.optional})</span>}
    </label>
  );
  return (
    <div class={`field ${block.type}`}>
      {block.type === "checkbox" ? null : label}
      <ControlOf control={control} field={field} />
      {block.type === "checkbox" ? label : null}
      <p class="help" id={`help-${key}`}>
        {helpOf(field)}
      </p>
      <p class="fault" id={faultId(key)}>
        {fault ?? ""}
      </p>
    </div>
  );
}
