import base from "@jitl/quickjs-wasmfile-release-sync";
import { newQuickJSWASMModuleFromVariant, newVariant, type QuickJSContext, type QuickJSHandle } from "quickjs-emscripten-core";
import { AppError } from "#platform/errors";
import quickjs from "#quickjs";
import { describe, type Thrown } from "./program.ts";

/** Pages of 64 KiB: what QuickJS itself begins with, and what the whole of it can never exceed. */
const FIRST_PAGES = 256;
const MAX_PAGES = 1_024;
/** Bytes that the code's own values may take. */
const MAX_MEMORY = 33_554_432;
/** Bytes. */
const MAX_STACK = 262_144;
/** What this QuickJS burns of its fuel while it computes for a millisecond; measured, and much the same for all kinds of code. */
const FUEL_PER_MS = 200_000;

/** Where Emscripten would write what it has to say of its end. */
const SILENT = { print: () => {}, printErr: () => {} };

export interface SandboxLimits {
  /** Milliseconds of computing, by what an ordinary machine does in that time: Workers stop their clock while code computes. */
  readonly computeMs: number;
}

/**
 * One QuickJS, in a memory of its own, for one piece of code: whatever that has done to it is gone with it, and so is the
 * memory, which in WebAssembly only ever grows.
 */
export class Sandbox {
  readonly context: QuickJSContext;
  readonly #fuel: WebAssembly.Global;
  readonly #limits: SandboxLimits;

  private constructor(context: QuickJSContext, fuel: WebAssembly.Global, limits: SandboxLimits) {
    this.context = context;
    this.#fuel = fuel;
    this.#limits = limits;
  }

  static async open(limits: SandboxLimits): Promise<Sandbox> {
    const instance = Promise.withResolvers<WebAssembly.Instance>();
    const module = await newQuickJSWASMModuleFromVariant(
      newVariant(base, {
        wasmMemory: new WebAssembly.Memory({ initial: FIRST_PAGES, maximum: MAX_PAGES }),
        emscriptenModule: {
          ...SILENT,
          instantiateWasm: (imports, onSuccess) => {
            const made = new WebAssembly.Instance(quickjs, imports);
            instance.resolve(made);
            onSuccess(made);
            return made.exports;
          },
        },
      }),
    );
    const { fuel } = (await instance.promise).exports;
    if (!(fuel instanceof WebAssembly.Global)) throw new Error("this QuickJS is not metered");
    const runtime = module.newRuntime({ memoryLimitBytes: MAX_MEMORY, maxStackSizeBytes: MAX_STACK });
    runtime.setModuleLoader(() => ({ error: new Error("import is not available in a code node.") }));
    const sandbox = new Sandbox(runtime.newContext(), fuel, limits);
    sandbox.refuel();
    return sandbox;
  }

  /** Gives the code its whole time again. */
  refuel(): void {
    this.#fuel.value = this.#limits.computeMs * FUEL_PER_MS;
  }

  /**
   * Lets QuickJS work. What the code throws is the work's own to handle; this throws `node_timeout` when the time is used up, and
   * `node_failed` when the code has broken what it runs in. Then the sandbox is of no use any more.
   */
  enter<T>(work: (context: QuickJSContext) => T): T {
    try {
      return work(this.context);
    } catch (error) {
      if (this.#fuel.value < 0) {
        throw new AppError("node_timeout", `The code computes for longer than ${this.#limits.computeMs} ms.`, { cause: error });
      }
      // QuickJS guards its own stack; its parser can be nested deeper than the stack beneath it goes.
      if (error instanceof RangeError) throw new AppError("node_failed", "The code is nested too deeply.", { cause: error });
      if (error instanceof WebAssembly.RuntimeError) throw outOfMemory(error);
      throw error;
    }
  }

  /** Evaluates a program, or only compiles it. */
  evaluate(program: string, file: string, options: { readonly compileOnly?: boolean } = {}): Evaluated {
    return this.enter((context) => {
      const made = context.evalCode(program, file, options);
      return made.error ? { ok: false, thrown: this.#read(made.error) } : { ok: true, value: made.value };
    });
  }

  /** Calls a function with texts and other handles. */
  call(target: QuickJSHandle, ...given: readonly (string | QuickJSHandle)[]): QuickJSHandle {
    return this.enter((context) => {
      const handles = given.map((value) => (typeof value === "string" ? context.newString(value) : value));
      const called = context.callFunction(target, context.undefined, ...handles);
      for (const [index, handle] of handles.entries()) if (typeof given[index] === "string") handle.dispose();
      if (called.error) throw this.#failure(called.error);
      return called.value;
    });
  }

  /** Takes the text that a handle is, and lets go of it. */
  text(handle: QuickJSHandle): string | undefined {
    return this.enter((context) => {
      const text = context.typeof(handle) === "string" ? context.getString(handle) : undefined;
      handle.dispose();
      return text;
    });
  }

  /** Does every promise's next step, until none has one. */
  settle(): void {
    this.enter(({ runtime }) => {
      const done = runtime.executePendingJobs();
      if (done.error) throw this.#failure(done.error);
    });
  }

  /** What is thrown where the code cannot catch it. */
  #failure(handle: QuickJSHandle): AppError {
    const thrown = this.#read(handle);
    return isOutOfMemory(thrown) ? outOfMemory() : new AppError("node_failed", describe(thrown));
  }

  #read(handle: QuickJSHandle): Thrown {
    const { context } = this;
    if (context.typeof(handle) !== "object") return { name: "", message: this.text(handle) ?? "", stack: "" };
    const part = (name: string) => this.text(context.getProp(handle, name)) ?? "";
    return { name: part("name"), message: part("message"), stack: part("stack") };
  }
}

type Evaluated = { readonly ok: true; readonly value: QuickJSHandle } | { readonly ok: false; readonly thrown: Thrown };

/** Where there is no memory even for the error, it says nothing. */
export function isOutOfMemory({ message }: Thrown): boolean {
  return message === "out of memory" || message === "";
}

export function outOfMemory(cause?: unknown): AppError {
  return new AppError("node_failed", `The code needs more than ${MAX_MEMORY / 1_048_576} MiB of memory.`, { cause });
}
