-- migrate:up
-- Nobody waits twice in the waiting room of a site on one day. Whoever was left waiting on a day that nobody closed is not
-- there any more, and keeps nobody from coming.
DROP INDEX appointment_once_in_queue;
CREATE UNIQUE INDEX appointment_once_in_queue ON appointment (site, day, patient)
    WHERE state IN ('arrived', 'in_preparation');

-- migrate:down
-- Refused while somebody waits at a site on two days: close the former first.
DROP INDEX appointment_once_in_queue;
CREATE UNIQUE INDEX appointment_once_in_queue ON appointment (site, patient)
    WHERE state IN ('arrived', 'in_preparation');
