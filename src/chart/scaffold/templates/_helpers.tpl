{{/*
A Service's name has at most 63 characters: lower-case letters, digits and hyphens.
*/}}
{{- define "<CHARTNAME>.tidy" -}}
{{ . | lower | replace "_" "-" | replace "." "-" | trunc 63 | trimAll "-" }}
{{- end }}

{{/* The name of the application. */}}
{{- define "<CHARTNAME>.name" -}}
{{ include "<CHARTNAME>.tidy" (.Values.nameOverride | default .Chart.Name) }}
{{- end }}

{{/* The name of the resources: release and application, or the release alone if it has both. */}}
{{- define "<CHARTNAME>.fullname" -}}
{{- $name := include "<CHARTNAME>.name" . }}
{{- if .Values.fullnameOverride }}
{{- $name = .Values.fullnameOverride }}
{{- else if contains $name .Release.Name }}
{{- $name = .Release.Name }}
{{- else }}
{{- $name = printf "%s-%s" .Release.Name $name }}
{{- end }}
{{- include "<CHARTNAME>.tidy" $name }}
{{- end }}

{{/* The labels that select the pods. A Deployment cannot change them, so they hold no version. */}}
{{- define "<CHARTNAME>.selectorLabels" -}}
app.kubernetes.io/name: {{ include "<CHARTNAME>.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{/* The labels of all resources. */}}
{{- define "<CHARTNAME>.labels" -}}
{{ include "<CHARTNAME>.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | replace "+" "_" | trunc 63 | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* The account that the pods run as. */}}
{{- define "<CHARTNAME>.serviceAccountName" -}}
{{- if .Values.serviceAccount.create }}
{{- .Values.serviceAccount.name | default (include "<CHARTNAME>.fullname" .) }}
{{- else }}
{{- .Values.serviceAccount.name | default "default" }}
{{- end }}
{{- end }}
