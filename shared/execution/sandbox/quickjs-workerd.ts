/** The metered QuickJS, compiled with the Worker, since none can be while it runs; taken out of the bundle by the first who needs it. */
const { default: quickjs } = await import("./quickjs.wasm");

export default quickjs;
