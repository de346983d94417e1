/* The search lists pages and sections before constants: a reader who types a word looks for a guide first. */
var Scorer = {
  score: ([, , , , score, , kind]) => (kind === "object" ? score - 30 : kind === "title" ? score + 20 : score),
  objNameMatch: 11,
  objPartialMatch: 6,
  objPrio: { 0: 15, 1: 5, 2: -5 },
  objPrioDefault: 0,
  title: 15,
  partialTitle: 7,
  term: 5,
  partialTerm: 2,
};
