-- Clients whose id is the address of a document that describes them (OAuth Client ID Metadata
-- Document). A row is created when a user first approves one. All null for registered clients.
alter table clients
  -- SHA-256 of the document as it was last fetched.
  add column document_hash bytea,
  -- It is fetched again before an approval after this time.
  add column document_expires_at timestamptz,
  -- When another document was found at the address than before.
  add column document_changed_at timestamptz;
