/** Types of an app's inputs. */
export const INPUT_TYPES = ["string", "number", "integer", "boolean", "json", "file"] as const;

/** The name that an input has in the form. */
export const inputName = (name: string) => `input.${name}`;
