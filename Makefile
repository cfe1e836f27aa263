# Each verb is one line over a small program: deploy/local/bootstrap.py makes the environment, then runs the verb.
SMP = @python3 deploy/local/bootstrap.py
WORLD = $(if $(HOME_DIR),--home $(HOME_DIR))
DAY = $(if $(DATE),--date $(DATE)) $(if $(SPEED),--speed $(SPEED)) $(if $(SEED),--seed $(SEED))
RUN = $(if $(PORTS),--ports $(PORTS)) $(if $(NO_DAY),--no-day) $(if $(NO_WORLD),--no-world) $(if $(ONCE),--once) $(if $(VERBOSE),--verbose)
WHO = $(if $(ROLE),--role $(ROLE)) $(if $(SITE),--site '$(SITE)') $(if $(TERRITORIES),--territories $(TERRITORIES))

.DEFAULT_GOAL := help
.PHONY: run stop status token day events logs parked rebuild test check bench chaos fuzz mutants contracts help

##@ Une machine
run: ## Démarre tout, joue un lundi, reste en marche [DATE SPEED SEED PORTS NO_DAY=1 NO_WORLD=1 ONCE=1 VERBOSE=1 HOME_DIR]
	$(SMP) run $(WORLD) $(DAY) $(RUN) $(ARGS)
stop: ## Arrête tout proprement
	$(SMP) stop $(WORLD)
status: ## Une ligne par processus ; code 0 seulement si tous vont bien
	$(SMP) status $(WORLD)
token: ## Un jeton pour curl [ROLE=secretary SITE=laval TERRITORIES=53]
	$(SMP) token $(WORLD) $(WHO) $(ARGS)
day: ## Joue une journée [DATE=2026-11-23 SPEED=720 SEED=53]
	$(SMP) day $(WORLD) $(DAY) $(ARGS)
events: ## Suit les événements [TOPIC=appointments ARGS=--from-start]
	$(SMP) events $(WORLD) $(if $(TOPIC),--topic $(TOPIC)) $(ARGS)
logs: ## Suit les journaux, lisibles [SERVICE=booking]
	$(SMP) logs $(WORLD) $(if $(SERVICE),--service $(SERVICE))
parked: ## Ce qui n'a pas pu être traité [SERVICE=booking ARGS="list|show N|replay|discard N"]
	$(SMP) parked $(WORLD) $(if $(SERVICE),--service $(SERVICE)) -- $(ARGS)
rebuild: ## Jette la projection d'un service et la refait depuis Kafka [SERVICE=reporting]
	$(SMP) rebuild $(WORLD) --service $(or $(SERVICE),?)

##@ Preuves
test: ## Toutes les preuves [ARGS="tests/booking -k hold"]
	$(SMP) test -- $(ARGS)
check: ## Style, types, sens des imports, SQL, tables fermées
	$(SMP) check
bench: ## Les mesures : build/bench.json [ARGS="--only P5 --short --goals" : quelques-unes, un essai, échec si un but est manqué]
	$(SMP) bench -- $(ARGS)
chaos: ## Le lundi sous des kill -9, au hasard et en chaque point : build/chaos.json [KILLS=200, complet 1000 ; SEED]
	$(SMP) chaos -- $(if $(KILLS),--kills $(KILLS)) $(if $(SEED),--seed $(SEED)) $(ARGS)
fuzz: ## L'OpenAPI de l'agenda sous des requêtes permises et défendues : build/fuzz.json [CASES=200000 SEED=1]
	$(SMP) fuzz -- $(if $(CASES),--cases $(CASES)) $(if $(SEED),--seed $(SEED)) $(ARGS)
mutants: ## Des fautes plantées, et le test qui attrape chacune : build/mutants.json [ARGS="grid-slides"]
	$(SMP) mutants -- $(ARGS)
contracts: ## Refuse un changement de contrat qui casserait un consommateur [ARGS=check]
	$(SMP) contracts -- $(ARGS)

help: ## Cette liste
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} /^[a-z]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' Makefile
