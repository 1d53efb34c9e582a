import { useEffect, useReducer, useRef } from "react";
import { useNavigation, useRevalidator } from "react-router";
import type { Run } from "../api/schemas.ts";
import { GOING } from "../api/words.ts";
import { FOLLOWED_EVENTS, followEvent, type LiveNode, readRunEvent, TELLING } from "./live-nodes.ts";

/** Milliseconds between an event and the reading of the record: events come in crowds. */
const SOON = 400;
/** Milliseconds between looks at the record while nothing is heard, and while the stream is open. */
const LOOK = 2_000;
const LOOK_WHILE_LISTENING = 10_000;

/**
 * Follows a run that goes on: its events say which nodes are under way and what they stream; all else is read again, when an
 * event says that there is something to read, and every now and then. Gives the nodes that have begun.
 */
export function useLiveRun({ id, status }: Pick<Run, "id" | "status">): readonly LiveNode[] {
  const [nodes, follow] = useReducer(followEvent, []);
  const { revalidate } = useRevalidator();
  const leading = useIsLeadingOn();
  const going = GOING.includes(status);
  useEffect(() => {
    if (!going) return;
    // The API is on the console's own origin, so the browser's session goes along.
    const source = new EventSource(`/api/v1/runs/${encodeURIComponent(id)}/events`);
    const timers: { soon?: ReturnType<typeof setTimeout> | undefined; look?: ReturnType<typeof setTimeout> } = {};
    const readSoon = () => {
      timers.soon ??= setTimeout(() => {
        timers.soon = undefined;
        if (leading.current) readSoon();
        else void revalidate();
      }, SOON);
    };
    const look = () => {
      if (document.visibilityState === "visible" && !leading.current) void revalidate();
      lookLater();
    };
    const lookLater = () => {
      timers.look = setTimeout(look, source.readyState === EventSource.OPEN ? LOOK_WHILE_LISTENING : LOOK);
    };
    for (const type of FOLLOWED_EVENTS) {
      source.addEventListener(type, ({ data }) => {
        const event = readRunEvent(type, String(data));
        if (event) follow(event);
      });
    }
    for (const type of TELLING) source.addEventListener(type, readSoon);
    // The record may be a moment behind the last event: the looks go on until it says so itself.
    source.addEventListener("run.finished", () => source.close());
    lookLater();
    return () => {
      source.close();
      clearTimeout(timers.soon);
      clearTimeout(timers.look);
    };
  }, [id, going, revalidate, leading]);
  return nodes;
}

/**
 * Whether a form or a link of the page is leading on to something at the moment. To read the page again then would break that
 * off and begin it once more, and what it was to say would be lost: a message is said to the first who asks.
 */
function useIsLeadingOn(): { readonly current: boolean } {
  const { state } = useNavigation();
  const leading = useRef(false);
  useEffect(() => {
    leading.current = state !== "idle";
  }, [state]);
  return leading;
}
