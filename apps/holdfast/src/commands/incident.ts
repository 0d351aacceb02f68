import { phasesOf, recoveryTimeMs } from "@holdfast/domain";
import type { Incident, IncidentEvent, IncidentOutcome, Milestone, RecoveryKind, Scenario } from "@holdfast/domain";
import { formatDuration, formatInstant } from "@holdfast/kernel";
import { accountName } from "../cli/account-name.ts";
import type { CommandContext, CommandHandler } from "../cli/context.ts";
import { momentBefore } from "../cli/moment.ts";
import type { Moment } from "../cli/moment.ts";
import { formatFields, formatTable } from "../cli/table.ts";
import { noteUnknownApplication } from "../selection/known-application.ts";
import { selectIncident } from "../selection/select-incident.ts";

export interface OpenIncidentInput {
  readonly application: string;
  readonly applicationTag: string;
  readonly scenario: Scenario;
  readonly kind: RecoveryKind;
  readonly startedAt: Moment;
  readonly openedAt?: Moment;
}

/** Opens an incident from the start of its disaster. Asks nothing: it is for people in a hurry. */
export const runOpenIncident: CommandHandler<OpenIncidentInput> = async (input, context) => {
  const { services, output } = context;
  const { application, scenario, kind, startedAt, openedAt } = input;
  const nowMs = services.clock.now();
  await using catalog = await services.openCatalog();
  await noteUnknownApplication(catalog, application, input.applicationTag, output);
  const open = (await catalog.listIncidents()).filter(
    (one) => one.application === application && one.closedAtMs === null,
  );
  if (open.length > 0)
    output.note(
      `Of ${application} there is open already: ${open.map(({ id }) => id).join(", ")}. Close what is entered twice as a false alarm.`,
    );
  const incident = await catalog.recordIncident(
    {
      id: newId(nowMs, services.random.uuid()),
      application,
      scenario,
      kind,
      startedAtMs: momentBefore(startedAt, nowMs),
      openedAtMs: openedAt === undefined ? nowMs : momentBefore(openedAt, nowMs),
    },
    [],
    accountName(services.environment),
  );
  output.result(incident, () => `${incident.id} is open. Next: holdfast incident declare ${incident.id} --by NAME`);
};

/** Sorts by day and is short enough to be read out on the telephone. */
function newId(nowMs: number, uuid: string): string {
  return `${formatInstant(nowMs).slice(0, 10)}-${uuid.slice(0, 6)}`;
}

export type IncidentStepInput = { readonly incident: string; readonly at?: Moment } & (
  | { readonly step: "declare"; readonly by: string }
  | { readonly step: "mark"; readonly milestone: Milestone }
  | { readonly step: "close"; readonly outcome: IncidentOutcome }
);

/** Enters what happened next in an incident. */
export const runIncidentStep: CommandHandler<IncidentStepInput> = async (input, context) => {
  const { services, output } = context;
  await using catalog = await services.openCatalog();
  const { id } = selectIncident(input.incident, await catalog.listIncidents());
  const nowMs = services.clock.now();
  const event = eventOf(input, input.at === undefined ? nowMs : momentBefore(input.at, nowMs));
  const incident = await catalog.recordIncidentEvents(id, [event], accountName(services.environment));
  output.result(incident, () => describeIncident(incident, nowMs));
};

function eventOf(input: IncidentStepInput, atMs: number): IncidentEvent {
  switch (input.step) {
    case "declare":
      return { kind: "declared", by: input.by, atMs };
    case "mark":
      return { kind: "reached", milestone: input.milestone, atMs };
    case "close":
      return { kind: "closed", outcome: input.outcome, atMs };
  }
}

export interface ListIncidentsInput {
  readonly application?: string;
  readonly open?: boolean;
}

export const runListIncidents: CommandHandler<ListIncidentsInput> = async ({ application, open }, context) => {
  const { services, output } = context;
  await using catalog = await services.openCatalog();
  const incidents = (await catalog.listIncidents())
    .filter((one) => application === undefined || one.application === application)
    .filter((one) => open !== true || one.closedAtMs === null);
  const nowMs = services.clock.now();
  output.result(incidents.map(withTimes), () =>
    incidents.length === 0
      ? "No incident is on record."
      : formatTable(
          ["INCIDENT", "APPLICATION", "SCENARIO", "KIND", "STARTED", "STATE", "TOOK"],
          incidents.map((one) => [
            one.id,
            one.application,
            one.scenario,
            one.kind,
            formatInstant(one.startedAtMs),
            stateOf(one),
            describeLength(one, nowMs),
          ]),
        ),
  );
};

export const runShowIncident: CommandHandler<{ readonly incident: string }> = async (input, context) => {
  const { services, output } = context;
  await using catalog = await services.openCatalog();
  const incident = selectIncident(input.incident, await catalog.listIncidents());
  const events = await catalog.listIncidentEvents(incident.id);
  output.result({ ...withTimes(incident), events }, () => {
    const rows = events.map(({ number, enteredAtMs, enteredBy, event }) => [
      String(number),
      describeEvent(event),
      formatInstant(event.kind === "opened" ? event.openedAtMs : event.atMs),
      formatInstant(enteredAtMs),
      enteredBy,
    ]);
    const log = formatTable(["NO", "WHAT", "HAPPENED", "ENTERED", "BY ACCOUNT"], rows);
    return `${describeIncident(incident, services.clock.now())}\n${log}`;
  });
};

type AnyEvent = Awaited<
  ReturnType<Awaited<ReturnType<CommandContext["services"]["openCatalog"]>>["listIncidentEvents"]>
>[number]["event"];

function describeEvent(event: AnyEvent): string {
  switch (event.kind) {
    case "opened":
      return `opened, ${event.scenario} of ${event.application}`;
    case "declared":
      return `declared by ${event.by}`;
    case "reached":
      return event.milestone;
    case "closed":
      return `closed, ${event.outcome}`;
  }
}

function withTimes(incident: Incident) {
  return { ...incident, recoveryTimeMs: recoveryTimeMs(incident), phasesMs: phasesOf(incident) };
}

function stateOf({ closedAtMs, outcome, declared, reached }: Incident): string {
  if (closedAtMs !== null) return outcome ?? "closed";
  if (reached.ready !== undefined) return "ready, not closed";
  return declared === null ? "open" : "declared";
}

function describeLength(incident: Incident, nowMs: number): string {
  const tookMs = recoveryTimeMs(incident);
  if (tookMs !== null) return formatDuration(tookMs);
  return incident.closedAtMs === null ? `${formatDuration(nowMs - incident.startedAtMs)} so far` : "";
}

function describeIncident(incident: Incident, nowMs: number): string {
  return formatFields([
    ["incident", incident.id],
    ["application", incident.application],
    ["scenario", incident.scenario],
    ["kind", incident.kind],
    ["started", formatInstant(incident.startedAtMs)],
    ["declared", incident.declared === null ? "no" : `by ${incident.declared.by}`],
    ["state", stateOf(incident)],
    ["took", describeLength(incident, nowMs)],
    ...Object.entries(phasesOf(incident)).map(([phase, ms]): [string, string] => [`  ${phase}`, formatDuration(ms)]),
  ]);
}
