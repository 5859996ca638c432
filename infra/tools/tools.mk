# The judges: linters, schema judges, and the two targets that say whether a change may land.
.PHONY: tools lint lock-tools format openapi chart-docs judges hooks check check-static

tools: environment ## @check install the pinned linters and judges into .tools/
	@infra/tools/install

lint: tools ## @check run every linter, or STEP="ruff types"
	@infra/tools/lint $(STEP)

lock-tools: environment ## @change resolve the Python judges anew and lock them with hashes
	@cd infra/tools/python && $(LOCK) judges.in -o judges.txt && $(LOCK) checkov.in -o checkov.txt

format: tools ## @check format Python and shell, sort imports, apply safe corrections
	@infra/tools/format

openapi: environment ## @check write the committed OpenAPI files anew
	@infra/tools/judge-schema write

chart-docs: tools ## @check write the pages of the charts' values anew
	@infra/tools/judge-charts write

judges: tools ## @check every judge: charts, schema rules, clients, fuzzing of the running service
	@infra/tools/install go-heavy
	@HEAVY=1 KUBERNETES="1.34 1.35 1.36 1.37" infra/tools/judge-charts
	@infra/tools/judge-schema
	@infra/tools/judge-service

hooks: tools ## @check run the quick linters on every commit
	@.tools/python/bin/pre-commit install

check-static: lint ## @check all of check but the tests
	@infra/tools/judge-schema
	@infra/tools/judge-charts

check: check-static ## @check the linters, the judges of the schema and the charts, all tests
	@$(MAKE) test
