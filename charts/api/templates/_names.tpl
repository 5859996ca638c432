{{/* What objects are called, and the labels by which they find each other. */}}

{{- define "api.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{- define "api.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else if contains (include "api.name" .) .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "api.name" .) | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* Every pod of the release. */}}
{{- define "api.releaseLabels" -}}
app.kubernetes.io/name: {{ include "api.name" . | quote }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end -}}

{{/* The pods of one component. Takes {root, component}. */}}
{{- define "api.selector" -}}
{{ include "api.releaseLabels" .root }}
app.kubernetes.io/component: {{ .component }}
{{- end -}}

{{/* The metadata of an object. Takes {root, component} and, where they differ, {name, labels, annotations}. */}}
{{- define "api.metadata" -}}
{{- $annotations := merge (dict) (.annotations | default dict) .root.Values.commonAnnotations -}}
name: {{ .name | default (include "api.fullname" .root) }}
namespace: {{ .root.Release.Namespace | quote }}
labels:
  {{- include "api.selector" . | nindent 2 }}
  app.kubernetes.io/version: {{ .root.Values.image.tag | default .root.Chart.AppVersion | trunc 63 | trimAll "-_." | quote }}
  app.kubernetes.io/managed-by: {{ .root.Release.Service }}
  helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
  {{- with merge (dict) (.labels | default dict) .root.Values.commonLabels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- with $annotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "api.image" -}}
{{- $image := .Values.image -}}
{{- with .Values.global.imageRegistry }}{{ trimSuffix "/" . }}/{{ end -}}
{{- $image.repository -}}
{{- if $image.digest }}@{{ $image.digest }}{{ else }}:{{ $image.tag | default .Chart.AppVersion }}{{ end -}}
{{- end -}}

{{- define "api.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- .Values.serviceAccount.name | default (include "api.fullname" .) -}}
{{- else -}}
{{- .Values.serviceAccount.name | default "default" -}}
{{- end -}}
{{- end -}}

{{/* Whether pods serve TLS themselves: "true" or nothing. */}}
{{- define "api.servesTls" -}}
{{- if has .Values.tls.mode (list "existing" "certManager") }}true{{ end -}}
{{- end -}}

{{/* The Secret with the certificate that pods serve. */}}
{{- define "api.tlsSecret" -}}
{{- if eq .Values.tls.mode "existing" }}{{ .Values.tls.secretName }}{{ else }}{{ include "api.fullname" . }}-tls{{ end -}}
{{- end -}}
