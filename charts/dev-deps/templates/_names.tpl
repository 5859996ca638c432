{{/* Takes {root, component} and, where it differs, {name}. */}}
{{- define "deps.metadata" -}}
name: {{ .name | default (printf "%s-%s" .root.Release.Name .component) }}
namespace: {{ .root.Release.Namespace }}
labels:
  {{- include "deps.selector" . | nindent 2 }}
  app.kubernetes.io/managed-by: {{ .root.Release.Service }}
  helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
{{- end -}}

{{- define "deps.selector" -}}
app.kubernetes.io/name: {{ .root.Chart.Name }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end -}}

{{- define "deps.host" -}}
{{ .root.Release.Name }}-{{ .component }}.{{ .root.Release.Namespace }}.svc
{{- end -}}

{{/* A restricted pod. Takes {root, component, settings}. */}}
{{- define "deps.pod" -}}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: {{ .settings.userId }}
  runAsGroup: {{ .settings.userId }}
  fsGroup: {{ .settings.userId }}
  seccompProfile: {type: RuntimeDefault}
{{- end -}}

{{- define "deps.container" -}}
name: {{ .component }}
image: {{ with .root.Values.global.imageRegistry }}{{ trimSuffix "/" . }}/{{ end }}{{ .settings.image.repository }}:{{ .settings.image.tag }}
imagePullPolicy: {{ .settings.image.pullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: {drop: [ALL]}
resources:
  requests: {cpu: 50m, memory: {{ .settings.memory }}, ephemeral-storage: 256Mi}
  limits: {cpu: "2", memory: {{ .settings.memory }}, ephemeral-storage: 256Mi}
{{- end -}}

{{/* Takes {root, component, port}. */}}
{{- define "deps.service" -}}
apiVersion: v1
kind: Service
metadata:
  {{- include "deps.metadata" . | nindent 2 }}
spec:
  selector:
    {{- include "deps.selector" . | nindent 4 }}
  ports: [{name: {{ .component }}, port: {{ .port }}, targetPort: {{ .component }}}]
---
# Only the API's pods come in, and nothing goes out.
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  {{- include "deps.metadata" . | nindent 2 }}
spec:
  podSelector:
    matchLabels:
      {{- include "deps.selector" . | nindent 6 }}
  policyTypes: [Ingress, Egress]
  ingress:
    - ports: [{port: {{ .component }}, protocol: TCP}]
      from: [{podSelector: {matchLabels: {app.kubernetes.io/name: api}}}]
{{- if .root.Values.tls.enabled }}
---
apiVersion: cert-manager.io/v1
kind: Certificate
metadata:
  {{- include "deps.metadata" . | nindent 2 }}
spec:
  secretName: {{ .root.Release.Name }}-{{ .component }}-tls
  issuerRef: {kind: {{ .root.Values.tls.issuerKind }}, name: {{ .root.Values.tls.issuerName }}}
  privateKey: {algorithm: ECDSA, size: 256}
  usages: [digital signature, server auth]
  dnsNames: [{{ include "deps.host" . }}]
{{- end }}
{{- end -}}

{{- define "deps.certificateVolume" -}}
- name: certificate
  secret: {secretName: {{ .root.Release.Name }}-{{ .component }}-tls, defaultMode: 0440}
{{- end -}}
