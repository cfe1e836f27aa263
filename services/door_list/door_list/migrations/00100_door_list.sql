-- migrate:up

CREATE TABLE expected_visit (
    appointment uuid CONSTRAINT expected_visit_once PRIMARY KEY,
    territory text NOT NULL,
    site uuid NOT NULL,
    start_at timestamptz NOT NULL,
    cancelled boolean NOT NULL,
    sequence integer NOT NULL -- of the event that said so last
);
SELECT smp.protect('expected_visit');
CREATE INDEX expected_visit_by_site ON expected_visit (site, start_at) WHERE NOT cancelled;

CREATE TABLE door (
    site uuid CONSTRAINT door_once PRIMARY KEY,
    territory text NOT NULL,
    zone text NOT NULL
);
SELECT smp.protect('door');

-- What the antenna pins on its door: patients expected per local day. A reader sees the rows of its territories.
CREATE VIEW door_list WITH (security_invoker = true) AS
SELECT
    visit.site,
    (visit.start_at AT TIME ZONE coalesce(door.zone, 'Europe/Paris'))::date AS day,
    count(*)::integer AS patients
FROM expected_visit AS visit
LEFT JOIN door ON door.site = visit.site
WHERE NOT visit.cancelled
GROUP BY visit.site, day;
DO $$ BEGIN EXECUTE format('GRANT SELECT ON door_list TO %I', smp.app_role()); END $$;

-- migrate:down
DROP VIEW door_list;
DROP TABLE door, expected_visit;
