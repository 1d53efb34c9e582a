import { useText } from "../i18n/use-text.ts";
import type { PlacedFault } from "../manifest/faults.ts";

interface FaultListProps {
  readonly faults: readonly PlacedFault[];
  /** Goes to a fault's place; without it the list only says where that is. */
  readonly onChoose?: ((fault: PlacedFault) => void) | undefined;
}

/** Everything that keeps a manifest from running, each with its place in the text. */
export function FaultList({ faults, onChoose }: FaultListProps) {
  const text = useText();
  return (
    <section role="alert" aria-label={text.manifest.faults(faults.length)} className="overflow-hidden rounded-xl border border-danger/40">
      <div className="bg-danger-soft px-4 py-3 text-sm">
        <h2 className="font-medium text-danger">{text.manifest.faults(faults.length)}</h2>
        {onChoose ? <p className="text-ink-soft">{text.manifest.faultsLead}</p> : null}
      </div>
      <ul className="max-h-72 divide-y divide-line overflow-y-auto bg-surface text-sm">
        {faults.map((fault) => (
          <li key={`${fault.from} ${fault.path} ${fault.message}`}>
            {onChoose ? (
              <button
                type="button"
                onClick={() => onChoose(fault)}
                className="block w-full px-4 py-2.5 text-start -outline-offset-2 hover:bg-sunken"
              >
                <FaultLine fault={fault} />
              </button>
            ) : (
              <div className="px-4 py-2.5">
                <FaultLine fault={fault} />
              </div>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}

function FaultLine({ fault }: { readonly fault: PlacedFault }) {
  const text = useText();
  return (
    <>
      <span className="block">{fault.message}</span>
      <span className="mt-0.5 flex flex-wrap gap-x-3 text-xs text-ink-soft">
        <span>{text.manifest.position(fault.line, fault.column)}</span>
        {fault.path === "" ? null : <code className="min-w-0 font-mono break-all">{fault.path}</code>}
      </span>
    </>
  );
}
