{{/* Annotations of a hook that runs before the release's own objects exist. Takes its weight. */}}
{{- define "api.hook" -}}
helm.sh/hook: pre-install,pre-upgrade
helm.sh/hook-weight: {{ . | quote }}
helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
{{- end -}}
