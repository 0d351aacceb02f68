import { Argument, Option } from "commander";
import type { Command } from "commander";
import { parseMoment } from "../cli/moment.ts";
import type { Moment } from "../cli/moment.ts";
import type { IncidentStepInput, ListIncidentsInput, OpenIncidentInput } from "../commands/incident.ts";
import { defineCommand, runLazily } from "./define.ts";
import type { ProgramParts } from "./define.ts";

const scenarios = ["vm", "disk", "node", "stamp", "site", "ransomware"];

export function addIncidentCommands(program: Command, parts: ProgramParts): void {
  const incident = program
    .command("incident")
    .description("outages from the start of the disaster to their end; recovery times come from them");
  const load = async () => await import("../commands/incident.ts");
  defineCommand(incident, "open <application>", {
    description: "open an incident; whoever opens it has detected it",
    examples: [
      "incident open shop --scenario stamp --started-at 2026-11-23T06:40Z",
      "incident open shop --scenario vm --started-at 20m --kind stamp-drill",
    ],
  })
    .addOption(new Option("--scenario <scenario>", "what was lost").choices(scenarios).makeOptionMandatory())
    .requiredOption(
      "--started-at <time>",
      "when the disaster began, before anybody knew; a span counts back",
      parseMoment,
    )
    .option("--opened-at <time>", "when it was detected, where that is not now", parseMoment)
    .addOption(
      new Option("--kind <kind>", "a real one, a drill on a stamp, or a proof on loopback")
        .choices(["incident", "stamp-drill", "loopback-proof"])
        .default("incident"),
    )
    .option("--application-tag <tag>", "tag whose value names the application of a VM", "application")
    .action((application: string, options: Omit<OpenIncidentInput, "application">) =>
      runLazily(parts, async () => (await load()).runOpenIncident, { ...options, application }),
    );
  addSteps(incident, parts);
  defineCommand(incident, "list", {
    description: "list incidents, drills and proofs, the latest first",
    examples: ["incident list --open", "incident list --application shop --json"],
  })
    .option("--application <name>", "only of this one")
    .option("--open", "only those that are not closed")
    .action((options: ListIncidentsInput) => runLazily(parts, async () => (await load()).runListIncidents, options));
  defineCommand(incident, "show <incident>", {
    description: "show an incident with its phases, and who entered what and when",
    examples: ["incident show shop", "incident show 2026-11-23-3fa2"],
  }).action((typed: string) => runLazily(parts, async () => (await load()).runShowIncident, { incident: typed }));
  addMttr(program, parts);
}

function addSteps(incident: Command, parts: ProgramParts): void {
  const load = async () => await import("../commands/incident.ts");
  const step = (input: IncidentStepInput) => runLazily(parts, async () => (await load()).runIncidentStep, input);
  withTime(
    defineCommand(incident, "declare <incident>", {
      description: "declare it: from here on recovery is decided",
      examples: ["incident declare shop --by Ada"],
    }),
  )
    .requiredOption("--by <name>", "who decides")
    .action((typed: string, options: { readonly by: string; readonly at?: Moment }) =>
      step({ ...options, step: "declare", incident: typed }),
    );
  withTime(
    defineCommand(incident, "mark", {
      description: "mark what was reached, also late and out of turn",
      examples: ["incident mark shop restored", "incident mark shop booted --at 5m"],
    })
      .argument("<incident>")
      .addArgument(new Argument("<milestone>").choices(["detected", "decided", "restored", "booted", "ready"])),
  ).action(
    (
      typed: string,
      milestone: Extract<IncidentStepInput, { step: "mark" }>["milestone"],
      options: { readonly at?: Moment },
    ) => step({ ...options, step: "mark", incident: typed, milestone }),
  );
  withTime(
    defineCommand(incident, "close <incident>", {
      description: "close it; only what was recovered counts for the MTTR",
      examples: ["incident close shop --outcome recovered", "incident close 2026-11-23-3fa2 --outcome false-alarm"],
    }),
  )
    .addOption(
      new Option("--outcome <outcome>", "how it ended")
        .choices(["recovered", "false-alarm", "given-up"])
        .makeOptionMandatory(),
    )
    .action(
      (
        typed: string,
        options: { readonly outcome: Extract<IncidentStepInput, { step: "close" }>["outcome"]; readonly at?: Moment },
      ) => step({ ...options, step: "close", incident: typed }),
    );
}

function addMttr(program: Command, parts: ProgramParts): void {
  defineCommand(program, "mttr [application]", {
    description:
      "mean time to recover from incidents, and apart from drills and proofs, against the RTO; exits with 20 above it",
    examples: ["mttr", "mttr shop --json"],
  })
    .option("--application-tag <tag>", "tag whose value names the application of a VM", "application")
    .action((application: string | undefined, options: { readonly applicationTag: string }) =>
      runLazily(parts, async () => (await import("../commands/mttr.ts")).runMttr, { ...options, application }),
    );
}

function withTime(command: Command): Command {
  return command.option("--at <time>", "when; a span counts back; now unless given", parseMoment);
}
