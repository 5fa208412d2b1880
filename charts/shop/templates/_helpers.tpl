{{/* The list of articles as the page reads it: JSON, sorted by price, then by title. */}}
{{- define "shop.articles" -}}
{{- $byPrice := dict }}
{{- range $id, $article := .Values.articles }}
{{- $price := printf "%012d %s" (int $article.price) $article.title }}
{{- $_ := set $byPrice $price (dict "id" $id "title" $article.title "price" (int $article.price)) }}
{{- end }}
{{- $articles := list }}
{{- range $byPrice | keys | sortAlpha }}
{{- $articles = append $articles (index $byPrice .) }}
{{- end }}
{{- dict "currency" .Values.currency "articles" $articles | toPrettyJson }}
{{- end }}

{{/* The address of a cache: its subchart names its Service like this. */}}
{{- define "shop.cacheAddress" -}}
{{ printf "%s-%s:%d" $.root.Release.Name .name (int $.root.Values.cachePort) }}
{{- end }}
