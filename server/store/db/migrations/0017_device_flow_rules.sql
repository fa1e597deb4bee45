-- What logins by device code need: an array of rules; null: nothing more than an approval.
alter table clients add column device_flow jsonb;
-- Where the approval came from, to compare with the rules that hold when the code is redeemed.
alter table device_authorizations add column approver_address text;
