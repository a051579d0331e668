-- away
alter table users drop column email;
/* x */ update users set a = 'it''s', b = $$;$$;
