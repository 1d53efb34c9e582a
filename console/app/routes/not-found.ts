import { data } from "react-router";

export function loader() {
  throw data({ code: "not_found", requestId: "" }, { status: 404 });
}

/** Nothing is shown here: the loader always leads to the error page. */
export default function NotFound() {
  return null;
}
