const hourMs = 3_600_000;

/** What stops while the application is down. */
export type Stoppage = "nothing" | "some-work" | "all-work" | "law-or-safety";
/** Who notices. */
export type Affected = "nobody" | "a-team" | "the-organisation" | "people-outside";
/** Which of the lost data can be entered again. */
export type Reentry = "all" | "some" | "none";
/** What the application keeps its state in. */
export type StateKind = "none" | "files" | "database" | "several-vms";

/** Answers of the impact interview; what is left out was not answered. */
export interface ImpactAnswers {
  readonly stoppage?: Stoppage;
  readonly affected?: Affected;
  /** How long work goes on by hand, in milliseconds. */
  readonly byHandMs?: number;
  /** What an hour costs once work by hand has ended, in any one currency. */
  readonly costPerHour?: number;
  /** What one outage may cost, in the same currency. */
  readonly bearableCost?: number;
  readonly reentry?: Reentry;
  /** How far back data can be entered again, in milliseconds. */
  readonly reentrySpanMs?: number;
  readonly stateKind?: StateKind;
  /** How long old states must be kept, in milliseconds. */
  readonly keepForMs?: number;
  readonly owner?: string;
}

export type ImpactQuestionId = keyof ImpactAnswers;

/** One question, as a terminal, a form or a printed page would ask it. */
export interface ImpactQuestion {
  readonly id: ImpactQuestionId;
  readonly text: string;
  /** What the answer decides. */
  readonly decides: string;
  readonly answer:
    | { readonly kind: "choice"; readonly choices: readonly { readonly value: string; readonly text: string }[] }
    | { readonly kind: "duration" | "money" | "text" };
}

/** The impact interview, in the order in which it is asked. */
export const impactQuestions: readonly ImpactQuestion[] = [
  choice("stoppage", "What stops while this application is down?", "the RTO and the RPO", {
    nothing: "nothing that anybody waits for",
    "some-work": "some work; the rest goes on",
    "all-work": "all the work of those who use it",
    "law-or-safety": "something that the law or people's safety depends on",
  }),
  choice("affected", "For whom?", "the RTO", {
    nobody: "nobody would notice",
    "a-team": "one team",
    "the-organisation": "most of the organisation",
    "people-outside": "people outside of the organisation",
  }),
  { id: "byHandMs", text: "How long can work go on by hand?", decides: "the RTO", answer: { kind: "duration" } },
  {
    id: "costPerHour",
    text: "What does an hour cost once that has ended?",
    decides: "the RTO",
    answer: { kind: "money" },
  },
  { id: "bearableCost", text: "What may one outage cost?", decides: "the RTO", answer: { kind: "money" } },
  choice("reentry", "What data that was lost can be entered again?", "the RPO", {
    all: "all of it: it is on paper or in another system",
    some: "some of it",
    none: "none of it",
  }),
  {
    id: "reentrySpanMs",
    text: "How far back can it be entered again?",
    decides: "the RPO",
    answer: { kind: "duration" },
  },
  choice("stateKind", "What does it keep its state in?", "the consistency", {
    none: "it keeps none",
    files: "files",
    database: "a database",
    "several-vms": "several VMs that must fit together",
  }),
  {
    id: "keepForMs",
    text: "For how long must old states be kept?",
    decides: "the retention",
    answer: { kind: "duration" },
  },
  { id: "owner", text: "Who answers for it?", decides: "who signs", answer: { kind: "text" } },
];

function choice(
  id: ImpactQuestionId,
  text: string,
  decides: string,
  choices: Readonly<Record<string, string>>,
): ImpactQuestion {
  return {
    id,
    text,
    decides,
    answer: { kind: "choice", choices: Object.entries(choices).map(([value, shown]) => ({ value, text: shown })) },
  };
}

/** What is taken for a question that nobody answered: the answer that asks for the most protection. */
export const cautiousAnswers = {
  stoppage: "law-or-safety",
  affected: "people-outside",
  byHandMs: 0,
  reentry: "none",
  stateKind: "several-vms",
  keepForMs: 365 * 24 * hourMs,
} as const satisfies ImpactAnswers;
