import { useEffect } from "react";
import { useRevalidator } from "react-router";

/** Milliseconds between two looks. */
const PAUSE = 4_000;

/** Reads the page's data again and again while `going`, and while somebody looks at it. */
export function useLookingAgain(going: boolean): void {
  const { revalidate, state } = useRevalidator();
  useEffect(() => {
    if (!going || state !== "idle") return;
    const timer = setInterval(() => {
      if (document.visibilityState === "visible") void revalidate();
    }, PAUSE);
    return () => clearInterval(timer);
  }, [going, state, revalidate]);
}
