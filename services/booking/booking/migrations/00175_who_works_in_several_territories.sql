-- migrate:up
-- Whoever works at sites of several territories is known in each of them, with what was agreed, for their absence to be
-- noted and their presence agreed there too. Sessions and absences stay those of their territory.
CREATE POLICY works_here ON professional
    USING (EXISTS (SELECT FROM site WHERE site.id = ANY (professional.sites)));
CREATE POLICY works_here ON presence_plan
    USING (EXISTS (SELECT FROM professional AS p WHERE p.id = presence_plan.professional));

-- migrate:down
DROP POLICY works_here ON presence_plan;
DROP POLICY works_here ON professional;
