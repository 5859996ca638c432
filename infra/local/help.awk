# Prints the targets that are described by `target: ## @group text`, group by group, in the order of the files.
BEGIN { FS = ":.*## @"; print "Usage: make TARGET [VARIABLE=value]" }

/^[a-z0-9-]+:.*## @/ {
  group = $2
  sub(/ .*/, "", group)
  text = $2
  sub(/^[^ ]+ /, "", text)
  if (!(group in lines)) groups[++count] = group
  lines[group] = lines[group] sprintf("  %-14s %s\n", $1, text)
}

END {
  for (i = 1; i <= count; i++) printf "\n%s\n%s", groups[i], lines[groups[i]]
}
