// Dates as texts, in the time zone that is asked for: `toLocaleString` and its kin, and
// `Intl.DateTimeFormat` with `format`, as V8 gives them for en-US and en-GB. Any other locale is en-US.
//
// QuickJS knows no zone but its own. `setZones` is given those that an expression names: by name, a
// list of [milliseconds, minutes from UTC from then on], the first of them at -Infinity (null).
(function (global) {
  "use strict";
  const MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September"];
  MONTHS.push("October", "November", "December");
  const DAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
  const DATE = ["weekday", "year", "month", "day"];
  const TIME = ["hour", "minute", "second"];
  const STYLES = {
    date: {
      full: { weekday: "long", year: "numeric", month: "long", day: "numeric" },
      long: { year: "numeric", month: "long", day: "numeric" },
      medium: { year: "numeric", month: "short", day: "numeric" },
      short: { year: "2-digit", month: "numeric", day: "numeric" },
    },
    time: {
      full: { hour: "numeric", minute: "2-digit", second: "2-digit" },
      long: { hour: "numeric", minute: "2-digit", second: "2-digit" },
      medium: { hour: "numeric", minute: "2-digit", second: "2-digit" },
      short: { hour: "numeric", minute: "2-digit" },
    },
  };
  const { getTime, getTimezoneOffset } = Date.prototype;
  let zones = {};

  const two = (number) => String(number).padStart(2, "0");
  const sized = (number, size) => (size === "2-digit" ? two(number % 100) : String(number));
  const named = (name, size) => (size === "long" ? name : name.slice(0, 3));

  function minutes(date, zone) {
    if (zone === undefined) return -getTimezoneOffset.call(date);
    if (/^(UTC|GMT|Etc\/UTC)$/i.test(zone)) return 0;
    const changes = Object.hasOwn(zones, zone) ? zones[zone] : undefined;
    if (changes === undefined)
      throw new RangeError("Invalid time zone specified: " + zone + " (write its name, such as America/New_York)");
    let now = 0;
    for (const [from, offset] of changes) if (from === null || from <= date) now = offset;
    return now;
  }

  function datePart(at, { weekday, year, month, day }, british, style) {
    const word = month === "long" || month === "short";
    const y = year && sized(at.getUTCFullYear(), year);
    const m = month && (word ? named(MONTHS[at.getUTCMonth()], month) : month);
    if (word) {
      const [d, w] = [day && sized(at.getUTCDate(), day), weekday && named(DAYS[at.getUTCDay()], weekday)];
      if (!british) return [w, [m, d].filter(Boolean).join(" "), y].filter(Boolean).join(d || w ? ", " : " ");
      return [w, [d, m, y].filter(Boolean).join(" ")].filter(Boolean).join(style ? ", " : " ");
    }
    const padded = british && month && day;
    const n = month && sized(at.getUTCMonth() + 1, padded ? "2-digit" : month);
    const d = day && sized(at.getUTCDate(), padded ? "2-digit" : day);
    const numbers = (british ? [d, n, y] : [n, d, y]).filter(Boolean).join("/");
    const w = weekday && named(DAYS[at.getUTCDay()], weekday);
    return weekday && day && !month && !year
      ? (british ? [w, d] : [d, w]).join(" ")
      : [w, numbers].filter(Boolean).join(", ");
  }

  function timePart(at, { hour, minute, second, hour12, hourCycle }, british) {
    const half = hour12 ?? (hourCycle ? hourCycle.startsWith("h1") : !british);
    const midnight = hour12 === false && !british ? "24" : "00";
    const hours = at.getUTCHours();
    const parts = [];
    if (hour && half) parts.push(sized(hours % 12 || 12, hour));
    else if (hour) parts.push(hours === 0 && midnight === "24" ? "24" : two(hours));
    const alone = !hour && !(minute && second);
    if (minute) parts.push(alone ? String(at.getUTCMinutes()) : two(at.getUTCMinutes()));
    if (second) parts.push(alone ? String(at.getUTCSeconds()) : two(at.getUTCSeconds()));
    const noon = hours < 12 ? "AM" : "PM";
    return parts.join(":") + (hour && half ? " " + (british ? noon.toLowerCase() : noon) : "");
  }

  function text(date, locales, options, needs) {
    const given = { ...(options ?? {}) };
    if (Number.isNaN(getTime.call(date))) return "Invalid Date";
    const style = given.dateStyle ?? given.timeStyle;
    if ((needs === "date" && given.timeStyle) || (needs === "time" && given.dateStyle))
      throw new TypeError("Invalid option : " + (needs === "date" ? "timeStyle" : "dateStyle"));
    Object.assign(given, STYLES.date[given.dateStyle], STYLES.time[given.timeStyle]);
    const british = String(Array.isArray(locales) ? locales[0] : locales) === "en-GB";
    if (british && given.dateStyle === "short") given.year = "numeric";
    const asked = needs === "date" ? DATE : needs === "time" ? TIME : [...DATE, ...TIME];
    if (!style && !asked.some((name) => given[name])) {
      if (needs !== "time") Object.assign(given, { year: "numeric", month: "numeric", day: "numeric" });
      if (needs !== "date") Object.assign(given, { hour: "numeric", minute: "2-digit", second: "2-digit" });
    }
    const at = new Date(getTime.call(date) + minutes(date, given.timeZone) * 60000);
    const parts = [];
    if (DATE.some((name) => given[name])) parts.push(datePart(at, given, british, style));
    if (TIME.some((name) => given[name])) parts.push(timePart(at, given, british));
    const alone = given.weekday && !given.year && !given.month && !given.day;
    return parts.join(given.month === "long" ? " at " : alone && given.minute ? " " : ", ");
  }

  const own = (name, needs) =>
    Object.defineProperty(Date.prototype, name, {
      value: { [name](locales, options) { return text(this, locales, options, needs); } }[name],
    });
  own("toLocaleString", "any");
  own("toLocaleDateString", "date");
  own("toLocaleTimeString", "time");
  global.Intl = {
    DateTimeFormat: class {
      constructor(locales, options) {
        const shows = [...DATE, ...TIME].some((name) => options?.[name]) || options?.dateStyle || options?.timeStyle;
        this.format = (date) => text(new Date(date ?? Date.now()), locales, options, shows ? "any" : "date");
      }
    },
  };
  return (given) => void (zones = given ?? {});
});
