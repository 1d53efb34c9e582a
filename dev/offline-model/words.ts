/** Words that say nothing about what somebody wants. */
const STOP_WORDS = new Set(
  (
    "a about all also am an and any are as ask at be been but by can could did do does doing done for from get give go got had has have he her hers him his how i if in into is it its " +
    "just know let like make may me might mine more most must my need no not now of off on one only or other our out over own please shall she should so some still such tell than that the " +
    "their them then there these they thing this those to too up us very want was we were what when where which who why will with would yes you your"
  ).split(" "),
);

/** Everyday words that mean nearly the same, by the first word of each line. */
const SYNONYMS = [
  "price cost quote quotation rate fee charge much expensive cheap afford budget tariff pricing estimate",
  "buy purchase order pay payment licence license subscribe subscription sale sell upgrade seat deal checkout price cost quote",
  "problem broken break error fail failure crash bug issue trouble wrong stuck fault defect fix freeze slow hang exception unable support help",
  "refund return cancel cancellation chargeback reimburse",
  "delivery deliver ship shipping shipment parcel package track arrive courier post late",
  "account login log-in signin sign-in password username register registration profile",
  "job hire career vacancy apply application recruit employment position",
  "appointment book booking meet meeting demo schedule reserve reservation visit call",
  "complaint complain angry disappoint terrible awful unacceptable rude dissatisfied",
  "praise thank thanks great excellent love wonderful happy compliment",
  "greeting hello hi hey morning evening goodbye bye",
  "contact phone telephone address email reach",
  "invoice bill billing receipt vat tax",
  "question information info learn detail explain",
];

const NEGATIONS = new Set(["not", "never", "cannot", "cant", "wont", "doesnt", "dont", "isnt", "didnt", "no"]);
/** What a thing ought to do; after a negation it is a failure. */
const OUGHT = new Set(["work", "load", "open", "start", "respond", "connect", "save", "send", "show", "run", "log"]);
/** How many words a negation reaches. */
const NEGATION_REACH = 3;

const CONCEPTS = new Map<string, Set<string>>();
for (const [index, line] of SYNONYMS.entries()) {
  for (const word of line.split(" ")) {
    const concepts = CONCEPTS.get(stem(word)) ?? new Set();
    CONCEPTS.set(stem(word), concepts.add(`concept-${index}`));
  }
}

/** The telling words of a text as stems, each once; "does not work" counts as "fail". */
export function tellingWords(text: string): Set<string> {
  const words =
    text
      .toLowerCase()
      .replaceAll(/['’]/g, "")
      .match(/[\p{L}\p{N}]+/gu) ?? [];
  const telling = new Set<string>();
  let negated = 0;
  for (const word of words) {
    negated = NEGATIONS.has(word) ? NEGATION_REACH + 1 : Math.max(0, negated - 1);
    const root = stem(word);
    if (negated > 0 && OUGHT.has(root)) telling.add(stem("fail"));
    else if (!(STOP_WORDS.has(word) || NEGATIONS.has(word))) telling.add(root);
  }
  return telling;
}

/** What a stem is about, as far as the table of synonyms knows. */
export function conceptsOf(root: string): ReadonlySet<string> {
  return CONCEPTS.get(root) ?? new Set();
}

/** Takes the common English endings off; good enough for words to meet, not for reading. */
function stem(word: string): string {
  const root = word
    .replace(/(ations?|ments?|ings?|edly|ness)$/, "")
    .replace(/(ies|ied)$/, "y")
    .replace(/(es|ed|er|ers|ly|s)$/, "")
    .replace(/(.)\1$/, "$1")
    .replace(/[ey]$/, "");
  return root.length >= 3 ? root : word;
}
