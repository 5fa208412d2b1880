{{/* An image: by digest, else by tag, else with the default tag. */}}
{{- define "common-web.image" -}}
{{- with .image -}}
{{ .repository }}{{ if .digest }}@{{ .digest }}{{ else }}:{{ .tag | default $.default }}{{ end }}
{{- end }}
{{- end }}

{{/* What the `restricted` Pod Security Standard asks of a pod … */}}
{{- define "common-web.podSecurity" -}}
runAsNonRoot: true
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{/* … and of its containers. */}}
{{- define "common-web.containerSecurity" -}}
allowPrivilegeEscalation: false
capabilities:
  drop: [ALL]
{{- end }}

{{/* Those of the fields in a list that a map has and that are not empty, as YAML. */}}
{{- define "common-web.optional" -}}
{{- $found := dict }}
{{- range $field := .fields }}
{{- with index $.from $field }}
{{- $_ := set $found $field . }}
{{- end }}
{{- end }}
{{- with $found }}
{{- toYaml . }}
{{- end }}
{{- end }}
