-- An incident's page shows the charts among its messages.
create index messages_incident on messages (incident);
