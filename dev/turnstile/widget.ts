/**
 * What a page of the local stack loads in the place of Turnstile's script: the part of its interface that pages use
 * (`turnstile.render`, `turnstile.remove`), with a box that says what it is. Whoever presses its button is taken for human.
 */
export const WIDGET = `
globalThis.turnstile = {
  render(container, options) {
    if (options.sitekey.startsWith("2x")) return void setTimeout(() => options["error-callback"]?.("300030"));
    const pass = () => {
      const made = { hostname: location.hostname, action: options.action ?? "", at: Date.now(), id: crypto.getRandomValues(new Uint32Array(4)).join("") };
      options.callback(btoa(JSON.stringify(made)));
    };
    if (options.sitekey === "1x00000000000000000000BB") return void setTimeout(pass);
    const note = document.createElement("p");
    note.className = "note";
    note.textContent = "A stand-in for Cloudflare Turnstile, on this machine only.";
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "I am human";
    button.addEventListener("click", pass, { once: true });
    container.replaceChildren(button, note);
    button.focus();
    return "stand-in";
  },
  remove() {},
};
`;
