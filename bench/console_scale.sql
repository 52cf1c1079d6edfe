-- Name: strategies
-- So many strategies of five versions each, of which {running} run; past the triggers, for it is the pages' time that
-- is measured, and a million rows of history are made below.
alter table strategies_strategy disable trigger user;
alter table strategies_version disable trigger user;
alter table strategies_publishedrelease disable trigger user;
insert into strategies_strategy (id, team_id, made)
select 'strategy-' || lpad(n::text, 6, '0'), 'team-' || lpad((n % 20)::text, 2, '0'), now() - n * interval '20 minutes'
from generate_series(1, {strategies}) n;
insert into strategies_version (
  strategy_id, number, body, stage, share, author_id, made, changed, staged, revision, note, needed, reach,
  emergency_until, title, tier, action, applies_to, policy, markets, channels, starts, expires, digest, problems, words)
select
  'strategy-' || lpad(n::text, 6, '0'), v,
  jsonb_build_object('id', 'strategy-' || lpad(n::text, 6, '0'), 'title', 'What is ' || word || ' ' || n,
    'why', 'It keeps shoppers from ' || word || ' things.', 'owner', 'team-' || lpad((n % 20)::text, 2, '0'),
    'tier', tier, 'policy', 'P-1', 'applies_to', 'item', 'markets', to_jsonb(markets), 'channels', '["all"]'::jsonb,
    'condition', format('item.price > %s.0 && item.category == "%s-%s"', n % 1000, word, n % 500),
    'action', jsonb_build_object('demote', jsonb_build_object('factor', 0.5))),
  stage, case stage when 'canary' then 0.1 end, (select min(id) from accounts_person), at, at, at, 1, '', 1, 0.01, null,
  'What is ' || word || ' ' || n, tier, 'demote', 'item', 'P-1', markets, array['all'], null,
  case when n % 7 = 0 then now() + (n % 400 - 100) * interval '1 day' end, md5(n || '-' || v) || md5(v || '-' || n),
  '[]'::jsonb,
  lower('strategy-' || lpad(n::text, 6, '0') || ' What is ' || word || ' ' || n || ' It keeps shoppers from ' || word
    || ' things. team-' || lpad((n % 20)::text, 2, '0') || format(' item.price > %s.0 && item.category == "%s-%s"',
    n % 1000, word, n % 500))
from generate_series(1, {strategies}) n, generate_series(1, 5) v,
  lateral (select (array['dear', 'fake', 'late', 'loud', 'stale', 'odd', 'recalled', 'copied'])[1 + n % 8] word,
    (array['legal', 'safety', 'quality', 'experience', 'growth'])[1 + n % 5] tier,
    case when n % 10 = 0 then array['all'] else array[(array['ID', 'VN', 'US', 'SA', 'DE', 'MY'])[1 + n % 6],
      (array['TH', 'SG', 'PH'])[1 + n % 3]] end::varchar(5)[] markets,
    now() - (n * 5 + v) * interval '97 seconds' as at,
    case when v < 4 then 'retired'
      when v = 4 then case when n > {running} then 'retired'
        else (array['live', 'live', 'live', 'live', 'live', 'live', 'live', 'canary', 'paused', 'shadow'])[1 + n % 10] end
      else case when n % 10 < 2 then 'draft' when n % 40 = 3 then 'proposed' else 'retired' end end stage) made;
insert into strategies_publishedrelease (number, digest, parent, author_id, at, note, versions)
select r, md5(r::text) || md5(r::text), nullif(r - 1, 0), (select min(id) from accounts_person),
  now() - ({releases} - r) * interval '11 minutes', 'strategy-' || lpad((r % 1000 + 1)::text, 6, '0') || ' v4 is live',
  held.versions
from generate_series(1, {releases}) r,
  (select jsonb_object_agg(strategy_id, jsonb_build_object(number, jsonb_build_array(stage, share))) versions
   from strategies_version where stage in ('live', 'canary', 'paused', 'shadow')) held;
set constraints all immediate;
alter table strategies_strategy enable trigger user;
alter table strategies_version enable trigger user;
alter table strategies_publishedrelease enable trigger user;
-- Name: history
-- Entries with a chain that verifies, by the function that the triggers use.
do $$
declare
  head history_head;
  noted history;
begin
  select * into head from history_head for update;
  for n in 1..{history} loop
    noted.seq := head.seq + 1;
    noted.at_us := (extract(epoch from now()) * 1000000)::bigint - ({history} - n) * 30000000::bigint;
    noted.actor := 'person' || n % 300 || '@example.com';
    noted.via := case n % 5 when 0 then 'api:key' else 'console' end;
    noted.subject := (array['strategies_version', 'strategies_version', 'strategies_approval', 'strategies_save',
      'lists_revision', 'accounts_grant', 'strategies_comment', 'base_job'])[1 + n % 8];
    noted.action := (array['strategy.write', 'strategy.advance', 'strategy.approve', 'strategy.write', 'list.write',
      'person.manage', 'strategy.comment', 'list.write'])[1 + n % 8];
    noted.why := 'because of ' || n % 97;
    noted.pk := (n % 100000)::text;
    noted.op := case when n % 3 = 0 then 'insert' else 'update' end;
    noted.before := case when noted.op = 'update' then jsonb_build_object('id', n % 100000, 'stage', 'draft') end;
    noted.after := jsonb_build_object('id', n % 100000, 'stage', 'proposed', 'title', 'What is dear ' || n % 1000);
    noted.previous := head.hash;
    noted.hash := history_hash(head.hash, noted.seq, noted.at_us, noted.actor, noted.via, noted.action, noted.why,
      noted.subject, noted.pk, noted.op, noted.before, noted.after);
    insert into history values (noted.*);
    head.seq := noted.seq;
    head.hash := noted.hash;
  end loop;
  update history_head set seq = head.seq, hash = head.hash;
end $$;
