-- Which stage may follow which, who must have approved, and which texts stay: kept here, so that nothing gets past it.
create table strategies_way (from_stage text not null, to_stage text not null, primary key (from_stage, to_stage));
insert into strategies_way values
  ('draft', 'proposed'), ('draft', 'retired'),
  ('proposed', 'draft'), ('proposed', 'shadow'), ('proposed', 'canary'), ('proposed', 'live'), ('proposed', 'retired'),
  ('shadow', 'canary'), ('shadow', 'live'), ('shadow', 'paused'), ('shadow', 'retired'),
  ('canary', 'shadow'), ('canary', 'live'), ('canary', 'paused'), ('canary', 'retired'),
  ('live', 'canary'), ('live', 'paused'), ('live', 'retired'),
  ('paused', 'shadow'), ('paused', 'canary'), ('paused', 'live'), ('paused', 'retired'),
  ('retired', 'shadow'), ('retired', 'canary'), ('retired', 'live'), ('retired', 'paused');

create function strategies_stage_guard() returns trigger language plpgsql as $$
declare
  approved int;
  refused int;
begin
  if tg_op = 'INSERT' then
    if new.stage <> 'draft' then
      raise exception 'a version begins as a draft' using errcode = 'check_violation', constraint = 'stage_begins';
    end if;
    return new;
  end if;
  if new.strategy_id <> old.strategy_id or new.number <> old.number or new.author_id <> old.author_id then
    raise exception 'whose version it is stays' using errcode = 'check_violation', constraint = 'version_stays';
  end if;
  if new.body <> old.body and old.stage <> 'draft' then
    raise exception 'the text of a % version stays', old.stage
      using errcode = 'check_violation', constraint = 'text_stays';
  end if;
  if new.stage = old.stage then
    return new;
  end if;
  if not exists (select 1 from strategies_way where from_stage = old.stage and to_stage = new.stage) then
    raise exception 'no version goes from % to %', old.stage, new.stage
      using errcode = 'check_violation', constraint = 'stage_way';
  end if;
  if old.stage = 'proposed' and new.stage in ('shadow', 'canary', 'live') and new.emergency_until is null then
    select count(*) filter (where approves), count(*) filter (where not approves) into approved, refused
      from strategies_approval
      where version_id = new.id and digest = new.digest and person_id <> new.author_id
        and person_id not in (select person_id from strategies_save where version_id = new.id);
    if refused > 0 then
      raise exception 'somebody refused it' using errcode = 'check_violation', constraint = 'stage_refused';
    end if;
    if approved < new.needed then
      raise exception '% of % approvals by others are there', approved, new.needed
        using errcode = 'check_violation', constraint = 'stage_approved';
    end if;
  end if;
  if old.stage = 'retired' and not exists (
    select 1 from strategies_publishedrelease
    where versions -> new.strategy_id ? new.number::text
  ) then
    raise exception 'only what a release held comes back' using errcode = 'check_violation', constraint = 'stage_back';
  end if;
  if new.emergency_until is not null and old.emergency_until is null
     and new.emergency_until > now() + interval '24 hours 1 minute' then
    raise exception 'an emergency lasts a day at most' using errcode = 'check_violation', constraint = 'emergency_day';
  end if;
  return new;
end $$;
create trigger stage_guard before insert or update on strategies_version
  for each row execute function strategies_stage_guard();

create function strategies_stays() returns trigger language plpgsql as $$
  begin raise exception 'what was said stays as it is' using errcode = 'check_violation', constraint = 'said_stays';
end $$;
create trigger stays before update on strategies_approval for each row execute function strategies_stays();
create trigger stays before update on strategies_save for each row execute function strategies_stays();
