/**
 * What Holdfast keeps beside DBOS's own tables, in a schema of its own. Triggers on DBOS's tables write the events, and the
 * ends of runs, in the transaction of the change that they tell of. They name columns of DBOS's exact version that is
 * pinned in package.json; `describeRunEngine` fails where a new one has others.
 *
 * Each entry brings the schema from the version before; one that was released never changes.
 */
export const runTables: readonly string[] = [
  `
  create table holdfast_runs.runs (
    ordinal bigint generated always as identity,
    id text primary key,
    workflow text not null,
    version integer not null,
    compensation text,
    compensation_version integer,
    partition text,
    priority integer not null,
    parent_id text,
    input text not null,
    created_at_ms bigint not null,
    started_at_ms bigint,
    ended_at_ms bigint,
    ended_status text,
    output text,
    failure text,
    progress text,
    is_waiting boolean not null default false,
    -- the worker that has the run's code in hand
    executor text,
    is_settled boolean not null default false
  );
  create unique index runs_ordinal on holdfast_runs.runs (ordinal);
  create index runs_open on holdfast_runs.runs (ordinal) where ended_status is null;
  create index runs_parent on holdfast_runs.runs (parent_id) where parent_id is not null;
  create index runs_ended on holdfast_runs.runs (ended_at_ms) where ended_at_ms is not null;
  create index runs_unsettled on holdfast_runs.runs (id) where not is_settled;

  create table holdfast_runs.signals (run_id text not null, key text not null, primary key (run_id, key));

  -- Workers that live, by the clock of the database.
  create table holdfast_runs.executors (id text primary key, alive_until timestamptz not null);

  -- An event gets its sequence when it is first read, under a lock: transactions end in another order than they begin,
  -- and a number given at the beginning would let one appear behind a reader.
  create table holdfast_runs.events (
    id bigint generated always as identity primary key,
    sequence bigint unique,
    run_id text not null,
    workflow text not null,
    at_ms bigint not null,
    kind text not null,
    body text
  );
  create index events_unread on holdfast_runs.events (id) where sequence is null;
  create index events_run on holdfast_runs.events (run_id);
  create table holdfast_runs.marks (name text primary key, value bigint not null);
  insert into holdfast_runs.marks values ('event-head', 0), ('events-pruned-through', 0);

  create table holdfast_runs.slot_capacities (name text primary key, capacity integer not null);
  create table holdfast_runs.slot_tickets (
    ordinal bigint generated always as identity,
    holder text primary key,
    owner text not null,
    needs text not null,
    rank_ms bigint not null,
    is_held boolean not null,
    expires_at_ms bigint not null
  );

  create function holdfast_runs.now_ms() returns bigint language sql volatile as
    'select (extract(epoch from clock_timestamp()) * 1000)::bigint';

  create function holdfast_runs.tell(run text, workflow text, kind text, body text) returns void language sql volatile as
    'insert into holdfast_runs.events (run_id, workflow, at_ms, kind, body) values ($1, $2, holdfast_runs.now_ms(), $3, $4)';

  create function holdfast_runs.on_status() returns trigger language plpgsql as $body$
  declare
    run holdfast_runs.runs%rowtype;
    ended text := case new.status
      when 'SUCCESS' then 'succeeded'
      when 'ERROR' then 'failed'
      when 'MAX_RECOVERY_ATTEMPTS_EXCEEDED' then 'failed'
    end;
  begin
    select * into run from holdfast_runs.runs where id = new.workflow_uuid;
    if not found then return null; end if;
    if new.status = 'PENDING' and run.started_at_ms is null then
      update holdfast_runs.runs set started_at_ms = holdfast_runs.now_ms() where id = run.id;
      perform holdfast_runs.tell(run.id, run.workflow, 'run-started', null);
    elsif new.status = 'ENQUEUED' and old.status = 'PENDING' then
      update holdfast_runs.runs set executor = null, is_waiting = false where id = run.id;
      perform holdfast_runs.tell(run.id, run.workflow, 'run-recovered', null);
    elsif new.status = 'CANCELLED' then
      perform holdfast_runs.tell(run.id, run.workflow, 'run-cancelling', json_build_object('failure', run.failure::json)::text);
    elsif ended is not null then
      if new.status = 'MAX_RECOVERY_ATTEMPTS_EXCEEDED' then
        run.failure := json_build_object('code', 'runs.run.abandoned', 'message',
          'every worker that took it up died with run ' || run.id, 'advice',
          'Look at how they ended: memory or a native crash are likely. Then start the run anew.', 'isRetryable', false)::text;
      elsif new.status = 'ERROR' and run.failure is null then
        run.failure := json_build_object('code', 'runs.step.failed', 'message', left(coalesce(new.error, 'unknown'), 4000),
          'advice', 'Look at the log of the worker.', 'isRetryable', false)::text;
      end if;
      update holdfast_runs.runs set ended_status = ended, ended_at_ms = holdfast_runs.now_ms(), failure = run.failure,
        progress = null, executor = null, is_waiting = false,
        is_settled = (parent_id is null and (ended = 'succeeded' or compensation is null))
      where id = run.id;
      perform holdfast_runs.tell(run.id, run.workflow, 'run-' || ended,
        case when ended = 'failed' then json_build_object('failure', run.failure::json)::text end);
    end if;
    return null;
  end $body$;

  create function holdfast_runs.on_step() returns trigger language plpgsql as $body$
  declare
    of_workflow text;
    said json;
  begin
    if new.function_name not like 'step:%' then return null; end if;
    select workflow into of_workflow from holdfast_runs.runs where id = new.workflow_uuid;
    if not found then return null; end if;
    said := new.output::json;
    perform holdfast_runs.tell(new.workflow_uuid, of_workflow,
      case when said ->> 'failure' is null then 'step-succeeded' else 'step-failed' end,
      json_strip_nulls(json_build_object('step', substr(new.function_name, 6), 'failure', said -> 'failure'))::text);
    return null;
  end $body$;

  create trigger holdfast_on_status after update of status on dbos.workflow_status
    for each row when (old.status is distinct from new.status) execute function holdfast_runs.on_status();
  create trigger holdfast_on_step after insert on dbos.operation_outputs
    for each row execute function holdfast_runs.on_step();
  `,
];
