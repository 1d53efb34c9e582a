/** The product's mark: two nodes and the edge between them. */
export function Mark() {
  return (
    <svg aria-hidden="true" viewBox="0 0 32 32" className="size-7 flex-none">
      <rect width="32" height="32" rx="8" className="fill-accent" />
      <path
        d="M9 10.5h5.5a4 4 0 0 1 4 4v3a4 4 0 0 0 4 4H23"
        fill="none"
        strokeWidth="2.4"
        strokeLinecap="round"
        className="stroke-on-accent"
      />
      <circle cx="9" cy="10.5" r="2.6" className="fill-on-accent" />
      <circle cx="23" cy="21.5" r="2.6" className="fill-on-accent" />
    </svg>
  );
}
