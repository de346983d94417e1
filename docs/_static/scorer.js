/* The search lists pages and sections before constants: a reader who types a word looks for a guide first. */
var Scorer = {
  score: ([page, , , , score, , kind]) =>
    score + (kind === "object" ? -30 : kind === "title" ? 20 : 0) + (/^(api-|changelog|contributing|faults|law)/.test(page) ? -10 : 0),
  objNameMatch: 11,
  objPartialMatch: 6,
  objPrio: { 0: 15, 1: 5, 2: -5 },
  objPrioDefault: 0,
  title: 15,
  partialTitle: 7,
  term: 5,
  partialTerm: 2,
};
