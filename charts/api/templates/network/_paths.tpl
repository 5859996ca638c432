{{/* What leaves the cluster, as a JSON list of path prefixes: the customers' API, and its docs where they are public. */}}
{{- define "api.paths" -}}
{{- $paths := list "/api/v1" "/problems" -}}
{{- if and .Values.api.docs.enabled (eq .Values.api.docs.exposure "public") -}}
{{- $paths = concat $paths (list "/api/docs" "/api/schema" "/static") -}}
{{- end -}}
{{- toJson $paths -}}
{{- end -}}
