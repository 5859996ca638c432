{{/* A Job of `helm test`. Takes {root, name, script} and {env}. The script is Python, run inside the image. */}}
{{- define "api.test" -}}
{{- $root := .root -}}
{{- $scope := dict "root" $root "component" "test" -}}
{{- $hook := dict "helm.sh/hook" "test" "helm.sh/hook-delete-policy" "before-hook-creation" -}}
apiVersion: batch/v1
kind: Job
metadata:
  {{- include "api.metadata" (merge (dict "name" (printf "%s-test-%s" (include "api.fullname" $root) .name) "annotations" $hook) $scope) | nindent 2 }}
spec:
  activeDeadlineSeconds: 120
  backoffLimit: 2
  template:
    metadata:
      {{- include "api.jobPodMetadata" $scope | nindent 6 }}
    spec:
      {{- include "api.jobPod" $scope | nindent 6 }}
      containers:
        - name: {{ .name }}
          {{- $process := include "api.process" $scope | fromYaml }}
          {{- toYaml (set $process "env" (concat $process.env (.env | default list))) | nindent 10 }}
          command:
            {{- toYaml .command | nindent 12 }}
          resources:
            {{- toYaml $root.Values.migrations.resources | nindent 12 }}
{{- end -}}

{{/* The service as its callers inside the cluster reach it. */}}
{{- define "api.serviceUrl" -}}
{{ ternary "https" "http" (eq (include "api.servesTls" .) "true") }}://{{ include "api.fullname" . }}.{{ .Release.Namespace }}.svc:{{ .Values.api.service.port }}
{{- end -}}
