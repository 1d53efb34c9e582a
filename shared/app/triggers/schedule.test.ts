import { describe, expect, it } from "vitest";
import { cronFault, isTimeZone, nextFiring } from "./schedule.ts";

/** The next firings after a time, in UTC to the minute. */
function firings(cron: string, timezone: string, after: string, count: number): string[] {
  const found: string[] = [];
  for (let at = new Date(after); found.length < count; ) {
    const next = nextFiring({ cron, timezone }, at);
    if (next === null) break;
    expect(next.getTime()).toBeGreaterThan(at.getTime());
    found.push(next.toISOString().slice(0, 16));
    at = next;
  }
  return found;
}

describe("a schedule where the clocks change", () => {
  it.each([
    // Forward: 02:30 is left out, and comes when the clocks have moved; the day after it is itself again.
    ["30 2 * * *", "Europe/Berlin", "2026-03-28T02:00Z", ["2026-03-29T01:00", "2026-03-30T00:30"]],
    ["30 2 * * *", "Europe/Berlin", "2027-03-27T02:00Z", ["2027-03-28T01:00", "2027-03-29T00:30"]],
    ["30 2 * * *", "America/New_York", "2026-03-07T12:00Z", ["2026-03-08T07:00", "2026-03-09T06:30"]],
    ["30 2 * * *", "America/New_York", "2027-03-13T12:00Z", ["2027-03-14T07:00", "2027-03-15T06:30"]],
    ["15 2 * * *", "Australia/Lord_Howe", "2026-10-03T00:00Z", ["2026-10-03T15:30", "2026-10-04T15:15"]],
    // Back: a time that comes twice is used the first time.
    ["30 2 * * *", "Europe/Berlin", "2026-10-24T12:00Z", ["2026-10-25T00:30", "2026-10-26T01:30"]],
    ["30 2 * * *", "Europe/Berlin", "2027-10-30T12:00Z", ["2027-10-31T00:30", "2027-11-01T01:30"]],
    ["30 1 * * *", "America/New_York", "2026-10-31T12:00Z", ["2026-11-01T05:30", "2026-11-02T06:30"]],
    ["30 1 * * *", "America/New_York", "2027-11-06T12:00Z", ["2027-11-07T05:30", "2027-11-08T06:30"]],
    ["45 1 * * *", "Australia/Lord_Howe", "2027-04-03T12:00Z", ["2027-04-03T14:45", "2027-04-04T15:15"]],
    // Between the two, it has been.
    ["30 1 * * *", "America/New_York", "2026-11-01T06:00Z", ["2026-11-02T06:30"]],
    // Other times of the day keep to the wall clock.
    ["0 9 * * *", "Europe/Berlin", "2026-03-28T00:00Z", ["2026-03-28T08:00", "2026-03-29T07:00"]],
    ["0 9 * * *", "America/New_York", "2026-10-31T00:00Z", ["2026-10-31T13:00", "2026-11-01T14:00"]],
    // No zone but those with summer time has any of this.
    ["30 2 * * *", "Asia/Kolkata", "2026-03-28T12:00Z", ["2026-03-28T21:00", "2026-03-29T21:00"]],
    ["30 2 * * *", "UTC", "2026-10-24T12:00Z", ["2026-10-25T02:30", "2026-10-26T02:30"]],
  ])("%s in %s after %s", (cron, timezone, after, expected) => {
    expect(firings(cron, timezone, after, expected.length)).toEqual(expected);
  });

  it.each([
    ["0 * * * *", "Europe/Berlin", "2026-03-28T23:30Z", 60, 5],
    ["0 * * * *", "Europe/Berlin", "2026-10-24T22:30Z", 60, 6],
    ["*/15 * * * *", "America/New_York", "2026-11-01T04:50Z", 15, 12],
    ["*/15 * * * *", "Australia/Lord_Howe", "2027-04-03T14:20Z", 15, 8],
    ["* * * * *", "America/New_York", "2027-03-14T06:55Z", 1, 10],
    ["* * * * *", "Europe/Berlin", "2026-10-25T00:55Z", 1, 70],
  ])("%s in %s goes on after %s without a gap or a double", (cron, timezone, after, minutes, count) => {
    const times = firings(cron, timezone, after, count).map((time) => Date.parse(`${time}Z`));
    expect(times.slice(1).map((time, index) => (time - (times[index] ?? 0)) / 60_000)).toEqual(Array(count - 1).fill(minutes));
  });
});

/** Cases of croner's own tests, in our words. */
describe("what croner promises", () => {
  it("the same wall-clock time is hours apart in two zones, and another date where the day has turned", () => {
    expect(firings("0 12 30 10 *", "Europe/Stockholm", "2021-09-01T00:00Z", 1)).toEqual(["2021-10-30T10:00"]);
    expect(firings("0 12 30 10 *", "America/New_York", "2021-09-01T00:00Z", 1)).toEqual(["2021-10-30T16:00"]);
    expect(firings("0 23 8 2 2", "Europe/Stockholm", "2022-02-08T12:00Z", 1)).toEqual(["2022-02-08T22:00"]);
    expect(firings("0 23 8 2 2", "America/New_York", "2022-02-08T12:00Z", 1)).toEqual(["2022-02-09T04:00"]);
  });

  it.each([
    ["0 0 * * *", "America/New_York"],
    ["30 1 * * *", "America/New_York"],
    ["30 2 * * *", "Europe/Berlin"],
  ])("%s in %s comes once on each of 365 days, in summer and in winter", (cron, timezone) => {
    const days = firings(cron, timezone, "2023-01-01T12:00Z", 365);
    const dates = days.map((day) => new Date(`${day}Z`).toLocaleDateString("en-CA", { timeZone: timezone }));
    expect([new Set(dates).size, dates[0], dates.at(-1)]).toEqual([365, "2023-01-02", "2024-01-01"]);
  });

  it("UTC has every hour, whatever the clocks of Sydney or Los Angeles do", () => {
    expect(firings("0 * * * *", "UTC", "2025-10-05T00:00Z", 4)).toEqual([
      "2025-10-05T01:00",
      "2025-10-05T02:00",
      "2025-10-05T03:00",
      "2025-10-05T04:00",
    ]);
  });

  it("a day of the month and a day of the week mean either", () => {
    expect(firings("0 0 13 * 5", "UTC", "2026-01-01T00:00Z", 4)).toEqual([
      "2026-01-02T00:00",
      "2026-01-09T00:00",
      "2026-01-13T00:00",
      "2026-01-16T00:00",
    ]);
  });

  it("the 29th of February comes in leap years", () => {
    expect(firings("0 0 29 2 *", "UTC", "2026-01-01T00:00Z", 3)).toEqual(["2028-02-29T00:00", "2032-02-29T00:00", "2036-02-29T00:00"]);
  });
});

describe("reading a schedule", () => {
  it.each(["* * * * *", "*/5 * * * *", "0 9 * * MON-FRI", "0 0 1,15 jan,JUL *", "5-59/10 8-18 * * 7", "0 0 29 2 *", " 0  0 1 1 0 "])(
    "takes %j",
    (cron) => {
      expect(cronFault(cron)).toBeUndefined();
    },
  );

  it.each([
    ["0 0 31 2 *", "never comes"],
    ["0 0 30 2 *", "never comes"],
    ["* * * *", "five fields"],
    ["0 * * * * *", "five fields"],
    ["@daily", "five fields"],
    ["", "five fields"],
    ["0 0 L * *", 'is from 1 to 31, not "L"'],
    ["0 0 15W * *", 'is from 1 to 31, not "15W"'],
    ["0 0 * * 1#2", 'day of week "1#2"'],
    ["0 0 * * 5L", "day of week"],
    ["0 0 * * +1", 'day of week "+1"'],
    ["0 0 ? * *", 'day of month "?"'],
    ["60 * * * *", "minute is from 0 to 59"],
    ["0 24 * * *", "hour is from 0 to 23"],
    ["0 0 0 * *", "day of month is from 1 to 31"],
    ["0 0 1-32 * *", "day of month is from 1 to 31"],
    ["0 0 1 13 *", "month is from 1 to 12"],
    ["0 0 * * 8", "day of week is from 0 to 7"],
    ["MON * * * *", "minute is from 0 to 59"],
    ["0 0 1 MON *", "month is from 1 to 12"],
    ["10-5 * * * *", "ends before it begins"],
    ["*/0 * * * *", "step of the minute is from 1 to 59"],
    ["*/60 * * * *", "step of the minute is from 1 to 59"],
    ["1/5 * * * *", "step without a range"],
    ["1,,2 * * * *", 'minute ""'],
    ["1- * * * *", 'minute "1-"'],
    ["-1 * * * *", 'minute "-1"'],
    ["a b c d e", "minute"],
  ])("refuses %j", (cron, fault) => {
    expect(cronFault(cron)).toContain(fault);
  });

  it("knows the time zones of the IANA", () => {
    expect(["UTC", "Europe/Berlin", "America/Argentina/Ushuaia"].map(isTimeZone)).toEqual([true, true, true]);
    expect(["", "Berlin", "Mars/Base", "Europe/Berlin; DROP"].map(isTimeZone)).toEqual([false, false, false, false]);
  });
});
