{{/* The application's name: of the chart, unless overridden. Labels hold at most 63 characters. */}}
{{- define "common-web.name" -}}
{{ .Values.nameOverride | default .Chart.Name | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* The name of the resources: release and application, or the release alone if it has both. */}}
{{- define "common-web.fullname" -}}
{{- $name := include "common-web.name" . -}}
{{- $joined := contains $name .Release.Name | ternary .Release.Name (printf "%s-%s" .Release.Name $name) -}}
{{ .Values.fullnameOverride | default $joined | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* What selects the pods. It never changes during the life of a release. */}}
{{- define "common-web.selector" -}}
app.kubernetes.io/name: {{ include "common-web.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{/* The labels of every resource. */}}
{{- define "common-web.labels" -}}
{{ include "common-web.selector" . }}
{{- with .Chart.AppVersion }}
app.kubernetes.io/version: {{ . | quote }}
{{- end }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 }}
{{- end }}
