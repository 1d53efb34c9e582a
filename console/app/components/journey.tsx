import { useEffect, useState } from "react";
import { useLocation, useNavigation } from "react-router";

/** What a browser does by itself between documents: a bar while the next page loads, and its title read out when it is there. */
export function Journey() {
  const { state } = useNavigation();
  const { key } = useLocation();
  const [arrived, setArrived] = useState("");
  useEffect(() => {
    if (key !== "default") setArrived(document.title);
  }, [key]);
  return (
    <>
      {state === "idle" ? null : <div aria-hidden="true" className="progress-bar fixed inset-x-0 top-0 z-50 h-0.5 origin-left bg-accent" />}
      <p aria-live="polite" className="sr-only">
        {arrived}
      </p>
    </>
  );
}
