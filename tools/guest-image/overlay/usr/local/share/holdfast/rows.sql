-- The table that proves what survived: numbered without gaps, each row bound to the one before by its digest.
create schema holdfast;

create table holdfast.row (
  number bigint primary key,
  written_at timestamptz not null,
  content text not null,
  digest text not null
);

create function holdfast.digest_of(number bigint, written_at timestamptz, content text, before text) returns text
language sql immutable as $$
  select encode(sha256(convert_to(
    number || '|' || extract(epoch from written_at) || '|' || content || '|' || before, 'UTF8')), 'hex')
$$;

-- Reads the whole table, with sequential scans only: an index that is fine over a torn heap must not hide it.
create function holdfast.describe_rows() returns text language plpgsql as $$
declare
  current holdfast.row;
  expected bigint := 0;
  before text := '';
  total bigint;
  is_intact boolean := true;
begin
  perform set_config('enable_indexscan', 'off', true), set_config('enable_bitmapscan', 'off', true),
    set_config('enable_indexonlyscan', 'off', true);
  select count(*) into total from holdfast.row;
  for current in select * from holdfast.row order by number loop
    expected := expected + 1;
    is_intact := is_intact and current.number = expected
      and current.digest = holdfast.digest_of(current.number, current.written_at, current.content, before);
    before := current.digest;
  end loop;
  is_intact := is_intact and total = expected;
  return format('last=%s count=%s digest=%s intact=%s', coalesce((select max(number) from holdfast.row), 0), total,
    left(before, 16), case when is_intact then 'yes' else 'no' end);
end $$;

create procedure holdfast.write_rows() language plpgsql as $$
declare
  last_number bigint;
  last_digest text;
  now_at timestamptz;
  text_now text;
begin
  loop
    select number, digest into last_number, last_digest from holdfast.row order by number desc limit 1;
    last_number := coalesce(last_number, 0) + 1;
    now_at := clock_timestamp();
    text_now := md5(random()::text);
    last_digest := holdfast.digest_of(last_number, now_at, text_now, coalesce(last_digest, ''));
    insert into holdfast.row values (last_number, now_at, text_now, last_digest);
    commit;
    if last_number % 5 = 0 then
      raise notice 'HOLDFAST-TICK %', last_number;
    end if;
    perform pg_sleep(0.2);
  end loop;
end $$;

create role reader login;
grant usage on schema holdfast to reader;
grant select on holdfast.row to reader;
