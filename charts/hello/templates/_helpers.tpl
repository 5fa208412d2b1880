{{/* The application's name: of the chart, unless overridden. Labels hold at most 63 characters. */}}
{{- define "hello.name" -}}
{{ default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* The name of every resource: release and application, once if the one contains the other. */}}
{{- define "hello.fullname" -}}
{{- $name := include "hello.name" . -}}
{{- if .Values.fullnameOverride -}}
{{- $name = .Values.fullnameOverride -}}
{{- else if not (contains $name .Release.Name) -}}
{{- $name = printf "%s-%s" .Release.Name $name -}}
{{- else -}}
{{- $name = .Release.Name -}}
{{- end -}}
{{ $name | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* What selects the pods. It never changes during the life of a release. */}}
{{- define "hello.selector" -}}
app.kubernetes.io/name: {{ include "hello.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{/* The labels of every resource. */}}
{{- define "hello.labels" -}}
{{ include "hello.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end }}

{{/* The image with its tag. */}}
{{- define "hello.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default (printf "%s-alpine" .Chart.AppVersion) }}
{{- end }}

{{/* Who is greeted, as HTML. */}}
{{- define "hello.greeting" -}}
{{ printf "%s, %s!" .Values.greeting .Values.audience | html }}
{{- end }}

{{/* The page that the server shows. */}}
{{- define "hello.page" -}}
<!doctype html>
<title>{{ include "hello.greeting" . }}</title>
<h1>{{ include "hello.greeting" . }}</h1>
{{- with .Values.note }}
<p>{{ tpl . $ | trim }}</p>
{{- end }}
{{- end }}
