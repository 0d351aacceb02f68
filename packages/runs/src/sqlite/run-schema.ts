/**
 * Each entry brings the file from the version before; one that was released never changes. Instants are epoch
 * milliseconds; JSON is text.
 */
export const runSchemas: readonly string[] = [
  `
  create table runs (
    ordinal integer primary key autoincrement,
    id text not null unique,
    workflow text not null,
    version integer not null,
    -- workflow@version: what a worker says it knows, and what a partition limit counts
    kind text not null,
    compensation text,
    compensation_version integer,
    partition text,
    priority integer not null,
    parent_id text,
    input text not null,
    status text not null,
    -- of queued and waiting runs: when to look at them next
    due_ms integer not null,
    -- of waiting runs: JSON list of the signals that wake them
    wakes text,
    output text,
    failure text,
    progress text,
    created_at_ms integer not null,
    started_at_ms integer,
    ended_at_ms integer,
    holder text,
    fence integer not null default 0,
    lease_until_ms integer,
    recoveries integer not null default 0
  );
  create index runs_ready on runs (priority, due_ms, ordinal) where status in ('queued', 'waiting');
  create index runs_due on runs (due_ms) where status in ('queued', 'waiting');
  create index runs_held on runs (kind, partition, lease_until_ms) where status in ('running', 'cancelling');
  create index runs_holder on runs (holder) where holder is not null;
  create index runs_status on runs (status, ordinal);
  create index runs_parent on runs (parent_id) where parent_id is not null;
  create index runs_ended on runs (ended_at_ms) where ended_at_ms is not null;

  create table steps (
    run_id text not null,
    position integer not null,
    name text not null,
    kind text not null,
    status text not null,
    -- failed tries so far
    attempts integer not null default 0,
    result text,
    failure text,
    -- of a pending one: when it is over, or may be tried again
    due_ms integer,
    started_at_ms integer not null,
    ended_at_ms integer,
    primary key (run_id, position)
  ) without rowid;

  create table signals (
    ordinal integer primary key autoincrement,
    run_id text not null,
    key text not null,
    name text not null,
    payload text not null,
    -- position of the wait that took it
    taken_by integer,
    unique (run_id, key)
  );

  create table events (
    sequence integer primary key autoincrement,
    run_id text not null,
    workflow text not null,
    at_ms integer not null,
    kind text not null,
    body text
  );
  create index events_run on events (run_id);

  create table marks (name text primary key, value integer not null) without rowid;

  create table slot_capacities (name text primary key, capacity integer not null) without rowid;
  create table slot_tickets (
    ordinal integer primary key autoincrement,
    holder text not null unique,
    owner text not null,
    needs text not null,
    rank_ms integer not null,
    is_held integer not null,
    expires_at_ms integer not null
  );
  `,
  // Every look asks for the lease that ends first.
  "create index runs_leases on runs (lease_until_ms) where status in ('running', 'cancelling')",
];
