-- The history of every write: one row a change, each with the hash of the one before, none ever changed.
-- Triggers note at commit, so the head is locked for as long as a commit takes and nobody waits in a circle.
create table history (
  seq bigint primary key,
  at_us bigint not null,
  actor text not null,
  via text not null,
  action text not null,
  why text not null,
  subject text not null,
  pk text not null,
  op text not null check (op in ('insert', 'update', 'delete')),
  before jsonb,
  after jsonb,
  previous text not null,
  hash text not null
);
create index history_subject on history (subject, pk, seq desc);
create index history_actor on history (actor, seq desc);
create index history_action on history (action, seq desc);

create table history_head (one boolean primary key default true check (one), seq bigint not null, hash text not null);
insert into history_head (seq, hash) values (0, repeat('0', 64));

create function history_hash(
  previous text, seq bigint, at_us bigint, actor text, via text, action text, why text, subject text, pk text, op text,
  before jsonb, after jsonb
) returns text language sql immutable as $$
  select encode(sha256(convert_to(concat_ws(E'\x1f', previous, seq, at_us, actor, via, action, why, subject, pk, op,
    coalesce(before::text, ''), coalesce(after::text, '')), 'UTF8')), 'hex')
$$;

-- Arguments: the name of the key's column, then columns that are never noted (secrets, and what changes by itself).
create function history_note() returns trigger language plpgsql as $$
declare
  was jsonb := case when tg_op <> 'INSERT' then to_jsonb(old) - tg_argv[1:] end;
  is_ jsonb := case when tg_op <> 'DELETE' then to_jsonb(new) - tg_argv[1:] end;
  head history_head;
  noted history;
begin
  if was = is_ then
    return null;
  end if;
  select * into head from history_head for update;
  noted.seq := head.seq + 1;
  noted.at_us := (extract(epoch from clock_timestamp()) * 1000000)::bigint;
  noted.actor := coalesce(nullif(current_setting('aedile.actor', true), ''), 'database:' || session_user);
  noted.via := coalesce(nullif(current_setting('aedile.via', true), ''), 'sql');
  noted.action := coalesce(nullif(current_setting('aedile.action', true), ''), 'sql');
  noted.why := coalesce(current_setting('aedile.why', true), '');
  noted.subject := tg_table_name;
  noted.pk := coalesce(is_, was) ->> tg_argv[0];
  noted.op := lower(tg_op);
  noted.before := was;
  noted.after := is_;
  noted.previous := head.hash;
  noted.hash := history_hash(head.hash, noted.seq, noted.at_us, noted.actor, noted.via, noted.action, noted.why,
    noted.subject, noted.pk, noted.op, noted.before, noted.after);
  insert into history values (noted.*);
  update history_head set seq = noted.seq, hash = noted.hash;
  return null;
end $$;

create function history_stays() returns trigger language plpgsql as $$
  begin raise exception 'history is never changed'; end $$;
create trigger history_stays before update or delete or truncate on history execute function history_stays();
