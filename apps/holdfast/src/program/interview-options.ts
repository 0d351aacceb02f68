/**
 * The questions of the impact interview as options. A test keeps them equal to those of the domain, which is not loaded
 * here: it takes longer to load than most commands take to run.
 */
export const interviewOptions: readonly {
  readonly name: string;
  readonly text: string;
  readonly value: "word" | "duration" | "money" | "text";
  readonly choices?: readonly string[];
}[] = [
  {
    name: "stoppage",
    text: "What stops while this application is down?",
    value: "word",
    choices: ["nothing", "some-work", "all-work", "law-or-safety"],
  },
  {
    name: "affected",
    text: "For whom?",
    value: "word",
    choices: ["nobody", "a-team", "the-organisation", "people-outside"],
  },
  { name: "by-hand", text: "How long can work go on by hand?", value: "duration" },
  { name: "cost-per-hour", text: "What does an hour cost once that has ended?", value: "money" },
  { name: "bearable-cost", text: "What may one outage cost?", value: "money" },
  {
    name: "reentry",
    text: "What data that was lost can be entered again?",
    value: "word",
    choices: ["all", "some", "none"],
  },
  { name: "reentry-span", text: "How far back can it be entered again?", value: "duration" },
  {
    name: "state-kind",
    text: "What does it keep its state in?",
    value: "word",
    choices: ["none", "files", "database", "several-vms"],
  },
  { name: "keep-for", text: "For how long must old states be kept?", value: "duration" },
  { name: "owner", text: "Who answers for it?", value: "text" },
];
