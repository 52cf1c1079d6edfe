-- What a list held is never changed: neither its revisions nor the chunks that they name.
create function lists_stays() returns trigger language plpgsql as $$
  begin raise exception '% is never changed', tg_table_name; end $$;
create trigger stays before update or delete on lists_revision for each row execute function lists_stays();
create trigger stays before update or delete or truncate on lists_chunk execute function lists_stays();
