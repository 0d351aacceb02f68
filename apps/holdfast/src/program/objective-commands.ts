import { Option } from "commander";
import type { Command } from "commander";
import { parseDuration } from "../cli/duration.ts";
import { parseMoment } from "../cli/moment.ts";
import type { Moment } from "../cli/moment.ts";
import { gatherPair } from "../cli/number.ts";
import type { InterviewInput } from "../commands/objectives-interview.ts";
import type { NoneInput } from "../commands/objectives-none.ts";
import type { AcceptInput, ContactInput, RecoveryNotesInput } from "../commands/objectives-people.ts";
import type { SetObjectivesInput } from "../commands/objectives-set.ts";
import type { SignInput } from "../commands/objectives-sign.ts";
import { defineCommand, gather, runLazily } from "./define.ts";
import { interviewOptions } from "./interview-options.ts";
import type { ProgramParts } from "./define.ts";
import { withRetention } from "./retention-commands.ts";

const aYear: Moment = { kind: "span", spanMs: 365 * 86_400_000 };

export function addObjectiveCommands(program: Command, parts: ProgramParts): void {
  const objectives = program
    .command("objectives")
    .description("what an application's owner tolerates and decided: asked, signed, kept with its history");
  addInterview(objectives, parts);
  addSet(objectives, parts);
  addSign(objectives, parts);
  addNone(objectives, parts);
  addAccept(objectives, parts);
  addPeople(objectives, parts);
  addShow(objectives, parts);
}

function addInterview(objectives: Command, parts: ProgramParts): void {
  const command = withChange(
    defineCommand(objectives, "interview <application>", {
      description: "ask what stops, for whom, and what it costs; propose objectives with reasons, and enter them",
      examples: [
        "objectives interview shop",
        "objectives interview shop --stoppage all-work --affected people-outside --reentry none --owner Ada --plan-only",
        "objectives interview shop --answers shop.json --yes",
      ],
    }),
  )
    .option("--answers <file>", "JSON object with answers by the names of the options below")
    .option("--review-in <time>", "when the objectives are to be looked at again; a year", parseMoment, aYear)
    .option("--time-zone <zone>", "zone whose days and weeks count, such as Europe/Berlin", "UTC");
  for (const { name, text, value, choices } of interviewOptions) {
    const option = new Option(`--${name} <${value}>`, text);
    command.addOption(choices === undefined ? option : option.choices([...choices]));
  }
  command.action((application: string, options: Record<string, string> & Omit<InterviewInput, "typed">) =>
    runLazily(parts, async () => (await import("../commands/objectives-interview.ts")).runInterview, {
      ...options,
      application,
      typed: Object.fromEntries(
        interviewOptions.flatMap(({ name }) => {
          const given = options[name.replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())];
          return given === undefined ? [] : [[name, given]];
        }),
      ),
    }),
  );
}

function addSet(objectives: Command, parts: ProgramParts): void {
  withChange(
    withRetention(
      defineCommand(objectives, "set <application>", {
        description: "enter objectives; what is not given stays; shows the change and asks first",
        examples: [
          "objectives set shop --rto 4h --rpo 1h --owner Ada --reason 'board of 2026-11-02'",
          "objectives set shop --in stamp=8h/4h --borne site='there is one site' --plan-only",
        ],
      }),
      null,
    ),
  )
    .option("--rto <time>", "tolerated outage: 30m, 4h, 1d", parseDuration)
    .option("--rpo <time>", "tolerated loss", parseDuration)
    .addOption(
      new Option("--consistency <kind>", "what its points need").choices(["crash", "file-system", "application"]),
    )
    .option("--owner <name>", "who answers for the application")
    .option("--in <scenario=RTO/RPO>", "what is tolerated in one scenario; may be repeated", gatherPair)
    .option("--borne <scenario=reason>", "scenario whose loss the owner bears; may be repeated", gatherPair)
    .option("--reason <text>", "why these")
    .option("--review-in <time>", "when they are to be looked at again; a year", parseMoment, aYear)
    .action((application: string, { rto, rpo, ...options }: SetOptions) =>
      runLazily(parts, async () => (await import("../commands/objectives-set.ts")).runSetObjectives, {
        ...options,
        application,
        ...(rto === undefined ? {} : { rtoMs: rto }),
        ...(rpo === undefined ? {} : { rpoMs: rpo }),
      }),
    );
}

type SetOptions = Omit<SetObjectivesInput, "application" | "rtoMs" | "rpoMs"> & {
  readonly rto?: number;
  readonly rpo?: number;
};

function addSign(objectives: Command, parts: ProgramParts): void {
  withConsent(
    defineCommand(objectives, "sign <application>", {
      description: "sign the objectives that hold, until a review; shows them and asks first",
      examples: ["objectives sign shop --by 'Ada Lovelace'", "objectives sign shop --by Ada --review-in 180d --yes"],
    }),
  )
    .requiredOption("--by <name>", "who signs")
    .option("--review-in <time>", "when they are to be looked at again; a year", parseMoment, aYear)
    .action((application: string, options: Omit<SignInput, "application">) =>
      runLazily(parts, async () => (await import("../commands/objectives-sign.ts")).runSignObjectives, {
        ...options,
        application,
      }),
    );
}

function addNone(objectives: Command, parts: ProgramParts): void {
  withChange(
    defineCommand(objectives, "none <application>", {
      description: "enter that an owner leaves an application without protection, until a day",
      examples: [
        "objectives none builds --reason 'holds no state' --owner Ada --until 180d",
        "objectives none web --reason 'redeployed by the pipeline' --owner Ada --until 2027-06-30 --redeployed-in 25m --without-uplink",
        "objectives none web --withdraw --reason 'it holds orders now'",
      ],
    }),
  )
    .requiredOption("--reason <text>", "why it needs none, or none no more")
    .option("--owner <name>", "who decided it")
    .option("--until <time>", "its end: a day, or a span", parseMoment)
    .option(
      "--redeployed-in <time>",
      "a pipeline deploys it again, and took this long when it was timed",
      parseDuration,
    )
    .option("--redeployed-at <time>", "when that was timed; now unless given", parseMoment)
    .option("--without-uplink", "it was timed without any connection out of the site")
    .option("--withdraw", "the decision holds no more")
    .action((application: string, { redeployedIn, ...options }: NoneOptions) =>
      runLazily(parts, async () => (await import("../commands/objectives-none.ts")).runNone, {
        ...options,
        application,
        ...(redeployedIn === undefined ? {} : { redeployedInMs: redeployedIn }),
      }),
    );
}

type NoneOptions = Omit<NoneInput, "application" | "redeployedInMs"> & { readonly redeployedIn?: number };

function addAccept(objectives: Command, parts: ProgramParts): void {
  withChange(
    defineCommand(objectives, "accept <application>", {
      description: "enter that somebody bears a finding of `assess`, until a day",
      examples: [
        "objectives accept shop --finding one-fault-domain --reason 'one node until June' --owner Ada --until 2027-06-30",
        "objectives accept shop --finding one-fault-domain --withdraw --reason 'a second node came'",
      ],
    }),
  )
    .requiredOption("--finding <kind>", "kind of the finding, as `assess --json` names it")
    .requiredOption("--reason <text>", "why it is borne, or borne no more")
    .option("--owner <name>", "who bears it")
    .option("--until <time>", "its end: a day, or a span", parseMoment)
    .option("--withdraw", "it is borne no more")
    .action((application: string, options: Omit<AcceptInput, "application">) =>
      runLazily(parts, async () => (await import("../commands/objectives-people.ts")).runAcceptFinding, {
        ...options,
        application,
      }),
    );
}

function addPeople(objectives: Command, parts: ProgramParts): void {
  const load = async () => await import("../commands/objectives-people.ts");
  withChange(
    defineCommand(objectives, "contact <application> <name>", {
      description: "enter whom to call in a disaster, and how; it is printed in the runbook",
      examples: [
        "objectives contact shop 'Bo Li' --role database --reach '+49 40 1234'",
        "objectives contact shop 'Bo Li' --remove",
      ],
    }),
  )
    .option("--role <role>", "what they are called for")
    .option("--reach <how>", "how they are reached when the stamp is down: a telephone number first")
    .option("--remove", "they are not called any more")
    .action((application: string, name: string, options: Omit<ContactInput, "application" | "name">) =>
      runLazily(parts, async () => (await load()).runContact, { ...options, application, name }),
    );
  withChange(
    defineCommand(objectives, "recovery <application>", {
      description: "enter order, steps by hand, and where secrets lie, for the runbook; never a secret itself",
      examples: [
        "objectives recovery shop --depends-on directory --start db1 --start web1,web2",
        "objectives recovery shop --step 'Tell the bank by telephone' --lies 'recovery kit=safe 2, room 7'",
      ],
    }),
  )
    .option("--depends-on <application>", "application that runs before; may be repeated", gather)
    .option("--start <vms>", "VMs that start together, by name, with commas; groups in order", gather)
    .option("--step <text>", "step by hand after the VMs run; may be repeated", gather)
    .option("--lies <what=where>", "where a secret lies that is needed, never the secret; may be repeated", gather)
    .action((application: string, options: Omit<RecoveryNotesInput, "application">) =>
      runLazily(parts, async () => (await load()).runRecoveryNotes, { ...options, application }),
    );
}

function addShow(objectives: Command, parts: ProgramParts): void {
  const load = async () => await import("../commands/objectives-show.ts");
  defineCommand(objectives, "show [application]", {
    description: "show what holds: objectives, signature, review, none, accepted findings, contacts",
    examples: ["objectives show", "objectives show shop --json"],
  }).action((application: string | undefined) =>
    runLazily(parts, async () => (await load()).runShowObjectives, { application }),
  );
  defineCommand(objectives, "history <application>", {
    description: "list all that was ever entered of an application, by whom and when",
    examples: ["objectives history shop"],
  }).action((application: string) => runLazily(parts, async () => (await load()).runHistory, { application }));
}

function withConsent(command: Command): Command {
  return command.option("--plan-only", "show what would be entered, and stop").option("--yes", "do not ask");
}

function withChange(command: Command): Command {
  return withConsent(command).option(
    "--application-tag <tag>",
    "tag whose value names the application of a VM",
    "application",
  );
}
