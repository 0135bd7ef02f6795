package web

// forecastLeaf tells how the next logins would end.
type forecastLeaf struct{ *kit }

func onForecast(k *kit) forecastLeaf { return forecastLeaf{kit: k} }
