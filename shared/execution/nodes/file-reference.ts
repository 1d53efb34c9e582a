import { z } from "zod";

/** How a file of a run goes through a workflow: its bytes stay where files are kept. */
export const fileReferenceSchema = z.object({
  id: z.string().min(1).max(200),
  name: z.string().max(1000),
  /** Media type. */
  type: z.string().max(200),
  /** Bytes. */
  size: z.int().min(0),
});

export type FileReference = Readonly<z.infer<typeof fileReferenceSchema>>;

/** The files that a run may read, and those that it makes. */
export interface RunFiles {
  /** Throws `not_found`. */
  readonly openFile: (id: string) => Promise<{ readonly reference: FileReference; readonly bytes: Uint8Array<ArrayBuffer> }>;
  readonly keepFile: (file: {
    readonly name: string;
    readonly type: string;
    readonly bytes: Uint8Array<ArrayBuffer>;
  }) => Promise<FileReference>;
}
